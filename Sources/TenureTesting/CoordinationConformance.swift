package import TenureCore

/// What every coordination store must do, as checks that any adapter can be put to.
///
/// Each check gets a store with no data of its own and throws a ``Violation`` that says what was expected. The checks
/// do not depend on how fast the store is: nothing is expected of a lease that might have run out meanwhile.
package struct CoordinationConformance: Sendable, CustomStringConvertible {
    /// A store under test.
    package struct Fixture: Sendable {
        /// The store, empty.
        package let store: any CoordinationStore
        /// Lets time pass for the store's leases: waits, or moves its clock.
        package let advance: @Sendable (Duration) async throws -> Void
        /// Makes the store lose everything, as `FLUSHALL` does.
        package let forget: @Sendable () async throws -> Void

        /// A store with what the checks need to control it.
        package init(
            store: any CoordinationStore,
            advance: @escaping @Sendable (Duration) async throws -> Void,
            forget: @escaping @Sendable () async throws -> Void
        ) {
            self.store = store
            self.advance = advance
            self.forget = forget
        }
    }

    /// What a store did wrong.
    package struct Violation: Error, CustomStringConvertible {
        /// The expectation and what came instead.
        package let description: String
    }

    /// What the check expects, as a sentence.
    package let description: String
    private let body: @Sendable (CoordinationScene) async throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (CoordinationScene) async throws -> Void) {
        self.description = description
        self.body = body
    }

    /// Runs the check.
    ///
    /// - Throws: ``Violation``, or the store's error.
    package func run(on fixture: Fixture) async throws {
        try await self.body(CoordinationScene(fixture: fixture))
    }

    /// Every check.
    package static let all: [CoordinationConformance] =
        Self.membership + Self.leadership + Self.plans + Self.locks + Self.moves + Self.reading
}

/// Fails a check unless two values are equal.
func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
    guard found == expected else {
        throw CoordinationConformance.Violation(description: "\(what): expected \(expected), found \(found)")
    }
}

/// Fails a check unless a condition holds.
func expect(_ condition: Bool, _ what: String) throws {
    guard condition else { throw CoordinationConformance.Violation(description: what) }
}
