/// An error of the Redis client, which always says whether the command may have been executed.
package struct RedisError: Error, Sendable, CustomStringConvertible {
    /// The kind of an error. An open set: new codes may be added.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Base: String {
            case unavailable, timedOut, outcomeUnknown, server, authenticationFailed, malformed, closed
        }

        private let base: Base

        /// There is no connection, or no room. Not sent; safe to try again.
        package static let unavailable = Self(base: .unavailable)
        /// The deadline passed; ``RedisError/mayHaveHappened`` says on which side of sending.
        package static let timedOut = Self(base: .timedOut)
        /// Sent, but no reply will come. Find out what happened before trying again.
        package static let outcomeUnknown = Self(base: .outcomeUnknown)
        /// The server answered with an error, see ``RedisError/serverError``.
        package static let server = Self(base: .server)
        /// The server refused the user or password, or wants one. Not sent.
        package static let authenticationFailed = Self(base: .authenticationFailed)
        /// The reply is not what the protocol or the command's definition allows.
        package static let malformed = Self(base: .malformed)
        /// The client was closed before the command was sent.
        package static let closed = Self(base: .closed)

        package var description: String { self.base.rawValue }
    }

    /// The kind of error.
    package let code: Code
    /// The command or script that failed, such as `HSET`. Never arguments.
    package let operation: String
    /// Whether the server may have executed the command, or part of the script.
    package let mayHaveHappened: Bool
    /// What is known about the cause, for people. Never arguments of the command.
    package let detail: String?
    /// The server's words, if it answered with an error.
    package let serverError: RedisServerError?

    /// Creates an error.
    package init(
        _ code: Code,
        operation: String,
        mayHaveHappened: Bool = false,
        detail: String? = nil,
        serverError: RedisServerError? = nil
    ) {
        self.code = code
        self.operation = operation
        self.mayHaveHappened = mayHaveHappened
        self.detail = detail
        self.serverError = serverError
    }

    /// Short, without data: code, command and the kind of the server's error.
    package var description: String {
        var text = "\(self.code) (\(self.operation))"
        if let serverError = self.serverError { text += ": \(serverError.kind)" }
        if let detail = self.detail { text += ": \(detail)" }
        return text
    }
}

extension RedisError {
    /// The same error under the name that the caller knows.
    func renamed(_ operation: String) -> RedisError {
        RedisError(
            self.code,
            operation: operation,
            mayHaveHappened: self.mayHaveHappened,
            detail: self.detail,
            serverError: self.serverError
        )
    }

    /// Kinds of error replies that Redis gives before it executes anything.
    private static let refusals: Set<Substring> = [
        "NOSCRIPT", "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN", "CROSSSLOT", "READONLY", "LOADING", "MASTERDOWN",
        "NOAUTH", "WRONGPASS", "NOPERM", "BUSY", "EXECABORT", "DENIED",
    ]

    /// Commands that can fail after they have already changed something.
    private static let composites: Set<String> = ["EVAL", "EVALSHA", "FCALL", "EXEC"]

    /// Creates the error for an error reply to a command.
    init(_ serverError: RedisServerError, replyTo command: RedisCommand) {
        let isComposite = Self.composites.contains(command.name.uppercased())
        self.init(
            .server,
            operation: command.name,
            mayHaveHappened: isComposite && !Self.refusals.contains(serverError.kind),
            serverError: serverError
        )
    }
}
