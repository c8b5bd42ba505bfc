internal import Synchronization

/// Keeps what one attempt says about itself until it is stored.
final class RunReporter: Sendable {
    private let report = Mutex(RunReport())
    private let store: (any HandlerStore)?
    private let onProgress: @Sendable (String) -> Void

    /// - Parameters:
    ///   - store: Where the progress of earlier attempts is.
    ///   - onProgress: Called with each report; must not take long.
    init(store: (any HandlerStore)? = nil, onProgress: @escaping @Sendable (String) -> Void = { _ in }) {
        self.store = store
        self.onProgress = onProgress
    }

    /// What has been said so far.
    var current: RunReport { self.report.withLock { $0 } }

    func set(output: String) {
        self.report.withLock { $0.output = output }
    }

    func set(progress: String) {
        self.report.withLock { $0.progress = progress }
        self.onProgress(progress)
    }

    func lastProgress(of run: WorkID) async throws -> String? {
        if let progress = self.current.progress { return progress }
        return try await self.store?.progress(of: run)
    }
}
