public import Tenure
public import TenureCore

/// What every message scheduler must do, as checks that any implementation can be put to.
///
/// Each check gets a scheduler with no messages of its own and throws a ``Violation`` that says what was expected.
public struct MessageSchedulerConformance: Sendable, CustomStringConvertible {
    /// A delivery as a handler got it.
    public struct Delivery: Sendable, Hashable {
        /// The message; of a recurring one, its occurrence.
        public let token: MessageToken
        /// JSON text.
        public let payload: String
        /// From 1.
        public let attempt: Int
        /// The instant that an occurrence was scheduled for.
        public let scheduledFor: ServerTime?

        /// Describes a delivery.
        public init(token: MessageToken, payload: String, attempt: Int, scheduledFor: ServerTime?) {
            self.token = token
            self.payload = payload
            self.attempt = attempt
            self.scheduledFor = scheduledFor
        }
    }

    /// What takes deliveries.
    public typealias Handler = @Sendable (Delivery) async throws -> Void

    /// A scheduler under test.
    public struct Fixture: Sendable {
        /// The scheduler, empty.
        public let scheduler: any MessageScheduler
        /// Delivers messages of topics that begin with `conformance.` to a handler while a body runs. May be called
        /// again meanwhile, as another process would.
        public let deliver:
            @Sendable (_ handler: @escaping Handler, _ body: @Sendable () async throws -> Void) async throws -> Void
        /// The scheduler's clock.
        public let now: @Sendable () async throws -> ServerTime
        /// Lets time pass: waits, or moves the clock and lets others run.
        public let advance: @Sendable (Duration) async throws -> Void

        /// A scheduler with what the checks need to control it.
        public init(
            scheduler: any MessageScheduler,
            deliver:
                @escaping @Sendable (
                    _ handler: @escaping Handler, _ body: @Sendable () async throws -> Void
                ) async throws -> Void,
            now: @escaping @Sendable () async throws -> ServerTime,
            advance: @escaping @Sendable (Duration) async throws -> Void
        ) {
            self.scheduler = scheduler
            self.deliver = deliver
            self.now = now
            self.advance = advance
        }
    }

    /// What a scheduler did wrong.
    public struct Violation: Error, CustomStringConvertible {
        /// The expectation and what came instead.
        public let description: String
    }

    /// What the check expects, as a sentence.
    public let description: String
    private let body: @Sendable (MessageScene) async throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (MessageScene) async throws -> Void) {
        self.description = description
        self.body = body
    }

    /// Runs the check.
    ///
    /// - Throws: ``Violation``, or the scheduler's error.
    public func run(on fixture: Fixture) async throws {
        try await self.body(MessageScene(fixture: fixture))
    }

    /// Every check.
    public static let all: [MessageSchedulerConformance] =
        Self.deliveries + Self.cancelling + Self.failures + Self.recurring + Self.listing
}
