internal import ArgumentParser
internal import PostgresClient
internal import Tenure
internal import TenureCore

extension Failure {
    /// Redis does not answer: where it was looked for, why, and how to say that it is elsewhere.
    init(redisUnreachable reason: String, _ settings: Settings) {
        self.init(
            .unavailable,
            """
            Redis at \(SecretMask.apply(settings.redis)) (\(settings.source(of: "redis"))) cannot be used: \(reason)
            Start it, or say where it is with --redis, TENURE_REDIS_URL, or 'redis' in the settings file.
            """
        )
    }

    /// What an error means to the caller; `nil` for those that the argument parser reports.
    init?(of error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as InvalidSettings: self.init(.settings, error.description)
        case let error as InvalidOptions: self.init(.settings, "invalid settings:\n  \(error)")
        case let error as InvalidName: self.init(.usage, error.description)
        case let error as RequestRefused: self.init(error.isNotFound ? .failed : .usage, error.description)
        case let error as DiscoveryFailure:
            self.init(error.code == .unavailable ? .unavailable : .settings, error.description)
        case let error as PostgresError where error.code == .invalidTarget:
            self.init(.settings, error.message)
        case let error as StoreError:
            self.init(error.code == .unavailable ? .unavailable : .failed, Self.text(error))
        case let error as CoordinationError:
            self.init(Self.status(error), "Redis: \(error.detail ?? "\(error)")")
        case let error as NodeError: self.init(Self.status(error), error.description)
        case is ExitCode, is CleanExit, is ValidationError: return nil
        default:
            // The parser's own errors are not public: it knows how to tell them.
            guard Program.exitCode(for: error) == .failure else { return nil }
            self.init(.failed, String(describing: error))
        }
    }

    private static func text(_ error: StoreError) -> String {
        let detail = error.detail ?? error.description
        if error.code == .unavailable { return "Postgres cannot be used at the moment: \(detail)" }
        return error.code == .schema ? "\(detail) ('tenure tenants migrate' brings schemas up to date)" : detail
    }

    private static func status(_ error: CoordinationError) -> ExitStatus {
        if error.code == .unavailable { return .unavailable }
        // Refused before anything was sent: the URL cannot be used.
        return error.code == .rejected && error.operation == "connect" ? .settings : .failed
    }

    private static func status(_ error: NodeError) -> ExitStatus {
        switch error {
        case .nodeIDInUse: .failed
        case .redisUnreachable: .unavailable
        }
    }
}
