internal import RedisClient
internal import TenureCore

extension CoordinationError {
    /// Replies that Redis gives in place of executing a command, and after which it may be tried again.
    private static let transitions: Set<Substring> = [
        "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "BUSY",
    ]

    /// Errors inside a script that come before its first write: Redis refuses growth only there, and the scripts count
    /// on it; the second is their own.
    private static let refusalsBeforeWriting: Set<Substring> = ["OOM", "EXHAUSTED"]

    /// Translates an error of the client. What may have happened stays so.
    init(_ error: RedisError, operation: String) {
        let kind = error.serverError?.kind ?? ""
        let code: Code
        if error.mayHaveHappened, !Self.refusalsBeforeWriting.contains(kind) {
            code = error.code == .malformed ? .malformedReply : .outcomeUnknown
        } else {
            switch error.code {
            case .server: code = Self.transitions.contains(kind) ? .unavailable : .rejected
            case .authenticationFailed: code = .rejected
            case .malformed: code = .malformedReply
            default: code = .unavailable
            }
        }
        self.init(code, operation: operation, detail: error.serverError?.message ?? error.description)
    }
}
