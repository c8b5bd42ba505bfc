import InMemoryStores
import TenureCore

/// Carries hints to processes: wake-ups of Redis, notifications of Postgres. A hint may be late or lost.
final class Hints: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    private let network: Network
    private var listeners: [Int: (process: SimulatedProcess, stream: AsyncStream<Wakeup>.Continuation)] = [:]

    init(_ network: Network) { self.network = network }

    func wakeups(of process: SimulatedProcess) -> AsyncStream<Wakeup> {
        let (stream, continuation) = AsyncStream.makeStream(of: Wakeup.self, bufferingPolicy: .bufferingNewest(1024))
        continuation.yield(.resubscribed)
        self.listeners[process.serial] = (process, continuation)
        return stream
    }

    func forget(_ process: SimulatedProcess) {
        self.listeners.removeValue(forKey: process.serial)?.stream.finish()
    }

    /// Redis publishes to whoever is connected to that data set.
    func publish(_ wakeup: Wakeup, _ isListening: (SimulatedProcess) -> Bool) {
        for (_, listener) in self.listeners.sorted(by: { $0.key < $1.key }) where isListening(listener.process) {
            guard !listener.process.isDead,
                let delay = self.network.hintDelay(to: listener.process.node, from: .redis)
            else { continue }
            self.network.loop.after(delay) { listener.stream.yield(wakeup) }
        }
    }

    /// Connections to Redis came back.
    func resubscribe() {
        for (_, listener) in self.listeners.sorted(by: { $0.key < $1.key }) { listener.stream.yield(.resubscribed) }
    }

    /// Forwards a store's hints for as long as somebody reads them.
    func signals(
        _ source: AsyncStream<StoreSignal>,
        of process: SimulatedProcess,
        from server: Server
    ) -> AsyncStream<StoreSignal> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: StoreSignal.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let forwarding = Task(executorPreference: self.network.pool) {
            for await signal in source {
                guard !process.isDead, let delay = self.network.hintDelay(to: process.node, from: server) else {
                    continue
                }
                self.network.loop.after(delay) { continuation.yield(signal) }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in forwarding.cancel() }
        return stream
    }
}
