internal import InMemoryStores
internal import Synchronization
internal import TenureCore

/// What every tenant store must do, as checks that any adapter can be put to.
///
/// Each check gets a tenant of its own and throws a ``CoordinationConformance/Violation`` that says what was expected.
/// The checks do not depend on how fast the store is.
package struct TenantStoreConformance: Sendable, CustomStringConvertible {
    /// What a store did wrong.
    typealias Violation = CoordinationConformance.Violation

    /// What the check expects, as a sentence.
    package let description: String
    private let body: @Sendable (TenantScene) async throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (TenantScene) async throws -> Void) {
        self.description = description
        self.body = body
    }

    /// Runs the check.
    ///
    /// - Throws: ``CoordinationConformance/Violation``, or the store's error.
    package func run(on harness: some TenantStoreHarness) async throws {
        try await self.body(TenantScene(harness: harness))
    }

    /// Every check.
    package static let all: [TenantStoreConformance] =
        Self.fence + Self.claims + Self.lending + Self.ordering + Self.settling + Self.handlers + Self.occurrences
        + Self.overlaps + Self.jobs + Self.schedules + Self.calendars + Self.users + Self.unique + Self.limits
        + Self.cancelling + Self.scans + Self.sleeping
}

/// A server's clock that moves by a little with each look, so that nothing happens at the same instant, and further
/// when it is told to.
final class ManualServerTime: Sendable {
    private let instant: Mutex<ServerTime>

    init(_ start: ServerTime) {
        self.instant = Mutex(start)
    }

    func tick() -> ServerTime {
        self.instant.withLock { instant in
            instant = instant.advanced(by: .microseconds(1))
            return instant
        }
    }

    func advance(by duration: Duration) {
        self.instant.withLock { $0 = $0.advanced(by: duration) }
    }
}
