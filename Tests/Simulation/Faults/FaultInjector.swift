import InMemoryStores
import TenureCore

/// Lets the faults of a scenario happen.
final class FaultInjector: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    private let world: World
    private let processes: Processes
    private var dice: Dice

    init(_ world: World, _ processes: Processes) {
        self.world = world
        self.processes = processes
        self.dice = Dice(world.scenario.seed, "injector")
    }

    func start() {
        for fault in self.world.scenario.faults {
            self.world.loop.at(fault.at) {
                guard !self.world.isQuiet else { return }
                self.world.loop.note("FAULT", 0, "\(fault.kind)")
                if let kind = fault.counted { self.world.network.count.add(kind) }
                self.happen(fault.kind)
            }
        }
    }

    private func happen(_ fault: Fault.Kind) {
        let (world, loop, network) = (self.world, self.world.loop, self.world.network)
        switch fault {
        case .crash(let node, let pause):
            if let process = self.processes.present[node] { self.processes.crash(process, restartAfter: pause) }
        case .crashAtStep(let node, let steps, let pause):
            self.crash(self.processes.present[node], after: steps, restartAfter: pause)
        case .leaderStops(let steps, let pause):
            self.crash(self.processes.leader, after: steps, restartAfter: pause)
        case .leaderPauses(let steps, let duration):
            guard let leader = self.processes.leader else { return }
            self.afterSteps(steps, of: leader) { self.processes.pause(leader, for: duration) }
        case .pause(let node, let duration):
            if let process = self.processes.present[node] { self.processes.pause(process, for: duration) }
        case .partition(let node, let server, let requests, let replies, let duration):
            network.cut(node, from: server, Network.Cut(requests ? [.requests] : []).union(replies ? [.replies] : []))
            loop.after(duration) {
                network.mend(node, to: server)
                if server == .redis { world.hints.resubscribe() }
            }
        case .redisForgets:
            self.restartRedis { world.redis.forget() }
        case .redisRestores(let age):
            self.restartRedis { world.redis.restore(age: age) }
        case .redisFailsOver(let age, let noticedWithin):
            world.redis.failOver(age: age, nodes: world.scenario.nodes) { _ in
                .milliseconds(self.dice.number(0...max(1, Int(noticedWithin.milliseconds))))
            }
            loop.after(noticedWithin) { world.hints.resubscribe() }
        case .redisDown(let duration):
            network.change(.redis) { $0.isDown = true }
            loop.after(duration) { self.restartRedis {} }
        case .redisClockJumps(let duration):
            // Leases that were given before end at other times than their holders think.
            world.redis.jump(by: duration)
            world.checker.leasesHoldFrom = loop.now.advanced(by: .seconds(10))
        case .databaseDown(let server, let duration):
            network.change(.postgres(server)) { $0.isDown = true }
            loop.after(duration) { self.restartDatabase(server) }
        case .databaseSlow(let server, let slowness, let duration):
            network.change(.postgres(server)) { $0.slowness = slowness }
            loop.after(duration) { network.change(.postgres(server)) { $0.slowness = .zero } }
        case .databaseRestarts(let server):
            self.restartDatabase(server)
        case .databaseClockJumps(let server, let duration):
            world.servers[server].jump(by: duration)
        case .clockDrifts(let node, let rate):
            self.processes.present[node]?.time.change(rate: rate)
        case .clockJumps(let node, let duration):
            self.processes.present[node]?.time.change(jump: duration)
        case .discoveryFails(let duration):
            world.discoveryFailsUntil = loop.now.advanced(by: duration)
        case .discoveryFindsNothing(let duration):
            world.discoveryIsEmptyUntil = loop.now.advanced(by: duration)
        case .openingIsSlow(let node, let delay, let duration):
            world.openingDelays[node] = (delay, loop.now.advanced(by: duration))
        case .duplicate(let node):
            self.processes.startDuplicate(node)
        case .restart(let node):
            if let process = self.processes.present[node] { self.processes.leave(process) }
        case .rollingRestart(let pace):
            for node in 0..<world.scenario.nodes {
                loop.after(pace * node) {
                    guard !world.isQuiet, let process = self.processes.present[node] else { return }
                    self.processes.leave(process)
                }
            }
        case .rebalanceRequested:
            self.request(.rebalance)
        case .moveRequested(let tenant, let node):
            self.request(.move, tenant: world.tenants[tenant].id, target: self.processes.present[node]?.id)
        case .tenantRemoved(let tenant):
            world.tenants[tenant].isRemoved = true
            world.checker.removedTenants.insert(world.tenants[tenant].id)
        }
    }

    private func crash(_ process: SimulatedProcess?, after steps: Int, restartAfter pause: Duration) {
        guard let process else { return }
        self.afterSteps(steps, of: process) { self.processes.crash(process, restartAfter: pause) }
    }

    private func afterSteps(_ steps: Int, of process: SimulatedProcess, _ body: @escaping () -> Void) {
        process.stepsToEvent = steps
        process.event = body
    }

    private func restartRedis(_ change: @escaping () -> Void) {
        self.world.network.change(.redis) { condition in
            condition.isDown = false
            condition.session += 1
        }
        change()
        self.world.hints.resubscribe()
    }

    private func restartDatabase(_ server: Int) {
        self.world.network.change(.postgres(server)) { condition in
            condition.isDown = false
            condition.session += 1
        }
        for tenant in self.world.tenants where tenant.server.number == server {
            // Owners subscribe again, and are told that hints may have been lost.
            tenant.database.simulate(.losingReplies)
            tenant.database.simulate(.healthy)
        }
    }

    private func request(_ kind: OperatorRequest.Kind, tenant: TenantID? = nil, target: NodeID? = nil) {
        let request = OperatorRequest(
            id: "r\(self.dice.next() % 1_000_000)",
            kind: kind,
            tenant: tenant,
            target: target
        )
        guard kind == .rebalance || target != nil else { return }
        let store = self.world.redis.primary.store
        Task(executorPreference: self.world.pool) {
            // A full queue of requests is the operator's problem.
            try? await store.submit(request)
        }
    }
}
