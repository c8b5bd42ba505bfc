internal import Foundation
internal import Synchronization

/// Carries a node's events to whoever listens: the program's standard output, Redis's stream, a program that embeds
/// the node.
package final class EventBus: Sendable {
    /// Events that a slow listener may be behind; the oldest are dropped beyond it.
    private static let bound = 10_000

    private struct Listener {
        let minimum: ClusterEvent.Level
        let continuation: AsyncStream<ClusterEvent>.Continuation
    }

    private struct State {
        var listeners: [Int: Listener] = [:]
        var debugListeners: Int { self.listeners.values.count { $0.minimum == .debug } }
        var next = 0
        var isFinished = false
    }

    private let cluster: String
    private let node: String
    private let state = Mutex(State())

    package init(cluster: ClusterName, node: NodeID) {
        self.cluster = cluster.description
        self.node = node.description
    }

    /// Says that something happened.
    package func emit(_ name: EventName, _ fields: [ClusterEvent.Field] = []) {
        let event = ClusterEvent(
            name: name.rawValue,
            level: name.level,
            time: Int64(Date().timeIntervalSince1970 * 1_000_000),
            cluster: self.cluster,
            node: self.node,
            fields: fields
        )
        let listeners = self.state.withLock { Array($0.listeners.values) }
        for listener in listeners where listener.minimum <= event.level { listener.continuation.yield(event) }
    }

    /// Says that work went on; built only while somebody listens at debug level, since it happens for every run.
    package func emitWork(_ name: EventName, _ fields: () -> [ClusterEvent.Field]) {
        guard self.state.withLock({ $0.debugListeners > 0 }) else { return }
        self.emit(name, fields())
    }

    /// Events from now on.
    ///
    /// - Parameter minimum: Quieter events are left out.
    package func listen(minimum: ClusterEvent.Level = .info) -> AsyncStream<ClusterEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ClusterEvent.self,
            bufferingPolicy: .bufferingNewest(Self.bound)
        )
        let number = self.state.withLock { state -> Int? in
            guard !state.isFinished else { return nil }
            state.next += 1
            state.listeners[state.next] = Listener(minimum: minimum, continuation: continuation)
            return state.next
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    /// Ends all streams, after what was emitted before.
    package func finish() {
        let listeners = self.state.withLock { state -> [Listener] in
            state.isFinished = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.continuation.finish() }
    }
}

extension ClusterEvent.Field {
    static func tenant(_ id: TenantID) -> Self { Self("tenant", .string(id.description)) }
    static func epoch(_ epoch: Epoch) -> Self { Self("epoch", .integer(epoch.value)) }
    static func term(_ term: Term) -> Self { Self("term", .integer(term.value)) }
    static func node(_ id: NodeID, as name: String = "node_id") -> Self { Self(name, .string(id.description)) }
    static func text(_ name: String, _ text: String) -> Self { Self(name, .string(text)) }
    static func count(_ name: String, _ count: Int) -> Self { Self(name, .integer(Int64(count))) }

    /// Milliseconds with microsecond resolution.
    static func milliseconds(_ name: String, _ duration: Duration) -> Self {
        Self(name, .number(Double(duration.microseconds) / 1000))
    }
}
