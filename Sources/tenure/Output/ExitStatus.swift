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

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    var description: String { self.message }
}
