internal import Foundation
internal import Tenure

/// Runs a command for each run: the payload on standard input, and the exit status decides.
///
/// Status 0 completes the run; any other fails the attempt, with the end of standard error as the reason. The command
/// gets the environment of the node and, about the run, `TENURE_TENANT`, `TENURE_RUN_ID`, `TENURE_KIND`,
/// `TENURE_TOPIC`,
/// `TENURE_ATTEMPT`, `TENURE_MAX_ATTEMPTS`, `TENURE_EPOCH`, `TENURE_IDEMPOTENCY_KEY`, `TENURE_DUE_AT` and, where there
/// is one, `TENURE_JOB`, `TENURE_SCHEDULED_FOR`, `TENURE_CORRELATION_ID` and `TRACEPARENT`; instants in microseconds
/// since 1970. It runs in a process group of its own. When its time is over, or the run is cancelled, the whole group
/// gets SIGTERM, and SIGKILL after the grace.
///
/// A node that crashes leaves its commands behind, and its successor runs them again: a command must bear that, for
/// example by means of the idempotency key.
public struct ExecSink: Sendable, Hashable {
    /// The program, looked up in `PATH` unless it has a slash, and its arguments.
    public var command: [String]
    /// How long the process group has after SIGTERM. Default 5 s.
    public var grace: Duration

    /// A command.
    public init(command: [String], grace: Duration = .seconds(5)) {
        precondition(!command.isEmpty, "an exec sink needs a command")
        self.command = command
        self.grace = grace
    }

    func handle(payload: String, context: RunContext) async throws {
        let environment = ProcessInfo.processInfo.environment.merging(Self.variables(of: context)) { $1 }
        let child = ChildProcess(
            command: self.command,
            environment: environment.map { "\($0.key)=\($0.value)" },
            input: Array(payload.utf8),
            grace: self.grace
        )
        let end = await child.run()
        switch end.status {
        case .exited(0): return
        case let status:
            try Task.checkCancellation()
            throw ExecFailure(command: self.command[0], status: status, errorText: end.errorText)
        }
    }

    private static func variables(of context: RunContext) -> [String: String] {
        var variables = [
            "TENURE_TENANT": context.tenant.description,
            "TENURE_RUN_ID": context.runID.description,
            "TENURE_KIND": context.kind.rawValue,
            "TENURE_TOPIC": context.topic,
            "TENURE_ATTEMPT": String(context.attempt),
            "TENURE_MAX_ATTEMPTS": String(context.maxAttempts),
            "TENURE_EPOCH": context.epoch.description,
            "TENURE_IDEMPOTENCY_KEY": context.idempotencyKey,
            "TENURE_DUE_AT": String(context.dueAt.microseconds),
        ]
        variables["TENURE_JOB"] = context.jobName
        variables["TENURE_SCHEDULED_FOR"] = context.scheduledFor.map { String($0.microseconds) }
        variables["TENURE_CORRELATION_ID"] = context.correlationID
        variables["TRACEPARENT"] = context.traceContext
        return variables
    }
}

/// The reason of an attempt whose command did not end with status 0.
struct ExecFailure: Error, CustomStringConvertible {
    let command: String
    let status: ChildProcess.Status
    let errorText: String

    var description: String {
        let what =
            switch self.status {
            case .exited(let status): "\(self.command) ended with status \(status)"
            case .signalled(let signal): "\(self.command) was ended by signal \(signal)"
            case .notStarted(let reason): "\(self.command) cannot be started: \(reason)"
            }
        return self.errorText.isEmpty ? what : "\(what): \(self.errorText)"
    }
}
