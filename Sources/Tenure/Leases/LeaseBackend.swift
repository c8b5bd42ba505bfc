/// Where one lease, semaphore or singleton is kept.
///
/// Adapters: a tenant's Postgres, Redis, and memory (in `TenureTesting`). Every call is one atomic step there, may be
/// repeated, and throws ``StoreError`` or ``CoordinationError``; `timeout` bounds it.
package protocol LeaseBackend: Sendable {
    /// Acquires for a holder, or tells how things are. Asking again while holding prolongs under the same token.
    ///
    /// - Parameter place: How long the holder's place among those who wait is kept; `nil` when it does not wait.
    func acquire(
        for holder: String,
        duration: Duration,
        place: Duration?,
        timeout: Duration
    ) async throws -> LeaseAnswer

    /// Prolongs. False when it is no longer held under this token.
    func renew(_ token: LeaseToken, of holder: String, duration: Duration, timeout: Duration) async throws -> Bool

    /// Gives it back. False when it was no longer held under this token.
    func release(_ token: LeaseToken, of holder: String, timeout: Duration) async throws -> Bool

    /// Gives up a place among those who wait, and what the holder may have got without knowing it.
    func withdraw(_ holder: String, timeout: Duration) async throws
}
