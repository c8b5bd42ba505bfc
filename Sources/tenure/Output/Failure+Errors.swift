internal import ArgumentParser
internal import Tenure
internal import TenureCore

extension Failure {
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
