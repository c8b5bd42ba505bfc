extension RedisError {
    /// Translates the end of a request without a reply.
    init(_ ending: RedisConnection.Ending, operation: String) {
        let isUnknown = ending.fate == .unknown
        let lost = isUnknown ? Code.outcomeUnknown : .unavailable
        let code: Code
        let detail: String?
        switch ending.cause {
        case .full: (code, detail) = (.unavailable, "too many requests are waiting for replies")
        case .timedOut: (code, detail) = (.timedOut, isUnknown ? "sent, no reply" : "not sent")
        case .cancelled: (code, detail) = (lost, "the caller was cancelled")
        case .lost(.closedByPeer): (code, detail) = (lost, "the server closed the connection")
        case .lost(.socket(let reason)): (code, detail) = (lost, reason)
        case .lost(.malformed(let reason)): (code, detail) = (isUnknown ? .malformed : .unavailable, reason)
        case .silent: (code, detail) = (lost, "the server does not answer")
        case .closed: (code, detail) = (isUnknown ? .outcomeUnknown : .closed, "the client was closed")
        }
        self.init(code, operation: operation, mayHaveHappened: isUnknown, detail: detail)
    }
}
