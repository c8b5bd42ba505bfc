internal import ArgumentParser
internal import Tenure

extension Failure {
    /// What an error means to the caller; `nil` for those that the argument parser reports.
    init?(of error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as InvalidSettings: self.init(.settings, error.description)
        case let error as InvalidName: self.init(.usage, error.description)
        case is ExitCode, is CleanExit, is ValidationError: return nil
        default:
            // The parser's own errors are not public: it knows how to tell them.
            guard Program.exitCode(for: error) == .failure else { return nil }
            self.init(.failed, String(describing: error))
        }
    }
}
