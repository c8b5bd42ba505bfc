import Tenure
import TenureCore

/// What the tenants' handlers do: take a moment, fail now and then, ignore their cancellation now and then.
final class SimulatedHandlers: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    struct Failure: Error {}

    private let loop: SimulationLoop
    private let failureRate: Double
    private var dice: Dice
    private(set) var started = 0

    init(_ loop: SimulationLoop, seed: UInt64, failureRate: Double) {
        self.loop = loop
        self.dice = Dice(seed, "handlers")
        self.failureRate = failureRate
    }

    /// The handlers of one process.
    func handlers(_ process: SimulatedProcess, _ world: World) -> Handlers {
        var handlers = Handlers()
        handlers.onRaw("*") { _, context in
            try await self.run(context, on: process, world)
        }
        return handlers
    }

    private func run(_ context: RunContext, on process: SimulatedProcess, _ world: World) async throws {
        guard !process.isDead else { throw CancellationError() }
        self.started += 1
        self.loop.note(
            "run",
            process.node,
            "\(context.tenant)/\(context.runID) attempt \(context.attempt) on \(process)"
        )
        let ledger = world.tenant(context.tenant)?.ledger
        ledger?.started(context.runID, on: process)
        defer { ledger?.returned(context.runID, on: process) }
        let duration =
            self.dice.happens(0.05) ? self.dice.milliseconds(200...4000) : self.dice.milliseconds(1...40)
        if !world.isQuiet, self.dice.happens(0.02) {
            // A handler that does not care about its cancellation.
            let end = self.loop.now.advanced(by: duration)
            await withUnsafeContinuation { continuation in self.loop.at(end) { continuation.resume() } }
        } else {
            try await self.loop.sleep(for: duration)
        }
        guard !world.isQuiet, self.dice.happens(self.failureRate) else { return }
        world.network.count.add(.failedRun)
        switch self.dice.index(below: 6) {
        case 0: throw Snooze(for: self.dice.milliseconds(10...2000))
        case 1: throw PermanentFailure("simulated")
        default: throw Failure()
        }
    }
}
