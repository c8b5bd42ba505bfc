internal import TenureCore

extension TenantClient {
    /// What is still to be done, in the order in which it is due.
    ///
    /// - Parameters:
    ///   - kinds: Work of these kinds; empty for all.
    ///   - job: Occurrences of one job.
    ///   - states: Work in any of these states: `scheduled`, `available`, `retryable` or `running`; empty for all.
    ///   - limit: The most that is returned. Default 100.
    public func work(
        kinds: [WorkKind] = [],
        job: String? = nil,
        states: [String] = [],
        limit: Int = 100
    ) async throws -> [WorkInfo] {
        try await self.backend.work(kinds: kinds, job: job, id: nil, states: states, limit: limit)
    }

    /// One thing that is still to be done, or running; `nil` if it has ended or never was.
    public func work(_ id: WorkID) async throws -> WorkInfo? {
        try await self.backend.work(kinds: [], job: nil, id: id, states: [], limit: 1).first
    }

    /// What runs now, the longest-running first.
    public func running(limit: Int = 100) async throws -> [RunningInfo] {
        try await self.backend.running(limit: limit)
    }

    /// Attempts that ended and occurrences that did not run, the newest first.
    public func runs(_ filter: RunFilter = RunFilter(), limit: Int = 100) async throws -> [RunInfo] {
        try await self.backend.runs(filter, limit: limit)
    }

    /// The attempts of one run that have ended, the newest first.
    public func runs(of id: WorkID) async throws -> [RunInfo] {
        var filter = RunFilter()
        filter.id = id
        return try await self.backend.runs(filter, limit: 1000)
    }

    /// How far a run that has not ended said last that it is, as JSON text; `nil` if it never did.
    public func progress(of id: WorkID) async throws -> String? {
        try await self.backend.progress(of: id)
    }

    /// Messages that were received, the newest first.
    public func inbox(source: String? = nil, limit: Int = 100) async throws -> [ReceivedMessage] {
        try await self.backend.inbox(source: source, limit: limit)
    }

    /// Where the tenant stands.
    ///
    /// - Parameter history: How far back the history counts; `nil` for all there is.
    /// - Complexity: Reads that history.
    public func status(history: Duration? = .seconds(3600)) async throws -> TenantStatus {
        try await self.backend.status(history: history)
    }

    /// How late the work is that has been due the longest and does not run; `nil` when nothing waits.
    public func lag() async throws -> Duration? {
        try await self.backend.lag()
    }
}
