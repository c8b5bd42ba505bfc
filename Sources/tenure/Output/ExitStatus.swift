/// How the program ends, as its caller sees it.
enum ExitStatus: Int32, Sendable {
    case done = 0
    /// A negative answer, or an operation that failed.
    case failed = 1
    /// The command line makes no sense.
    case usage = 64
    /// A server cannot be reached.
    case unavailable = 69
    /// The settings make no sense.
    case settings = 78
}

/// An end other than a good one, with a message for people: what was wrong, where, and what to do.
struct Failure: Error, CustomStringConvertible {
    let status: ExitStatus
    let message: String
    /// What `--output json` answers: the message and the status, unless the answer has a form of its own.
    let json: JSON

    init(_ status: ExitStatus, _ message: String, json: JSON? = nil) {
        self.status = status
        self.message = message
        self.json = json ?? .object(["error": .string(message), "exit_status": .integer(status.rawValue)])
    }

    var description: String { self.message }
}
