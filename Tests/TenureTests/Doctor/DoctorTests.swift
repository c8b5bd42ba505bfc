import TenureCore
import Testing

@testable import PostgresStore
@testable import Tenure

/// What is measured, and what is made of it.
@Suite("Doctor")
struct DoctorTests {
    private let a = try! NodeID("a")
    private let b = try! NodeID("b")
    private let acme = try! TenantID("acme")

    private func node(_ id: NodeID) -> NodeDescriptor {
        NodeDescriptor(id: id, incarnation: Incarnation("1"), host: "h", pid: 1, version: "1")
    }

    private func state(_ change: (inout ClusterState) -> Void = { _ in }) -> ClusterState {
        var state = ClusterState()
        for id in [self.a, self.b] {
            state.nodes[id] = self.node(id)
            state.heartbeatAges[id] = .milliseconds(300)
        }
        let holder = Holder(node: self.a, incarnation: Incarnation("1"))
        state.leader = Leadership(holder: holder, term: Term(3), remaining: .seconds(2))
        state.tenants[self.acme] = TenantDescriptor(id: self.acme)
        state.owners[self.acme] = self.a
        state.locks[self.acme] = TenantLock(holder: holder, epoch: Epoch(1), remaining: .seconds(3))
        change(&state)
        return state
    }

    private func examination(_ change: (inout ServerExamination) -> Void = { _ in }) -> ServerExamination {
        var examination = ServerExamination()
        examination.server = "h:5432"
        examination.version = "15.1"
        examination.versionNumber = 150_001
        examination.maxConnections = 100
        examination.reservedConnections = 3
        examination.role = "tenure"
        examination.schema.exists = true
        examination.schema.isUsable = true
        examination.schema.isOwn = true
        change(&examination)
        return examination
    }

    private func report(
        _ states: [ClusterState],
        _ examination: ServerExamination? = nil,
        redis: [String: String] = [:],
        _ change: (inout DoctorFacts) -> Void = { _ in }
    ) -> DoctorReport {
        var answered = DoctorFacts.Redis()
        answered.info = ["redis_version": "7.0.1", "role": "master"].merging(redis) { $1 }
        var facts = DoctorFacts(redis: .success(answered))
        facts.states = states
        let tenant = Tenant(id: self.acme, connection: "x")
        facts.databases = [.init(tenant: tenant, examination: .success(examination ?? self.examination()))]
        change(&facts)
        return Doctor(facts: facts, options: DoctorOptions()).report()
    }

    /// The checks that are not as they should be, with their level.
    private func troubles(_ report: DoctorReport) -> [String] {
        report.findings.filter { $0.level != .ok }.map { "\($0.check) \($0.level.rawValue)" }
    }

    @Test("A cluster in which everything is well")
    func well() {
        let report = self.report([self.state()])

        #expect(self.troubles(report) == [])
        #expect(report.isHealthy && !report.isBlind)
        #expect(report.findings.contains { $0.check == "leader" && $0.measured.contains("a leads, term 3") })
    }

    @Test("Nobody leads: no node, silent nodes, and nodes that send heartbeats")
    func leaderless() {
        let none = self.report([ClusterState()]) { facts in
            guard case .success(var redis) = facts.redis else { return }
            redis.otherClusters = ["tenure:{eu}"]
            facts.redis = .success(redis)
        }
        let silent = self.report([
            self.state { state in
                state.leader = nil
                for id in [self.a, self.b] { state.heartbeatAges[id] = .seconds(60) }
            }
        ])
        let living = self.report([self.state { $0.leader = nil }])

        #expect(self.troubles(none) == ["leader fail"])
        #expect(none.findings.first { $0.check == "leader" }?.advice?.contains("tenure:{eu}") == true)
        #expect(self.troubles(silent) == ["leader fail", "node warn", "node warn"])
        #expect(self.troubles(living) == ["leader fail"])
        #expect(living.findings.first { $0.check == "leader" }?.measured.contains("a, b send heartbeats") == true)
    }

    @Test("A lease of a registration that is gone, a stalled node, a full one, mixed versions")
    func nodes() {
        let report = self.report([
            self.state { state in
                let gone = Holder(node: self.a, incarnation: Incarnation("0"))
                state.leader = Leadership(holder: gone, term: Term(3), remaining: .seconds(2))
                state.loads[self.a] = NodeLoad()
                state.loads[self.a]?.isStalled = true
                state.loads[self.b] = NodeLoad()
                state.loads[self.b]?.busySlots = 9
                state.loads[self.b]?.maxSlots = 9
                state.nodes[self.b]?.version = "2"
            }
        ])

        #expect(self.troubles(report) == ["leader warn", "node fail", "node warn", "nodes.versions warn"])
    }

    @Test("Tenants that nobody works for, each with the reason")
    func tenants() {
        func found(_ change: (inout ClusterState) -> Void) -> [String] {
            let state = self.state(change)
            return self.troubles(self.report([state, state]))
        }

        #expect(found { $0.tenants = [:] } == ["tenant warn"])
        #expect(
            found { state in
                state.owners = [:]
                state.locks = [:]
                state.unassigned[self.acme] = "every node is full"
            } == ["tenant fail"]
        )
        #expect(found { $0.locks = [:] } == ["tenant fail"])
        // Seen once only it may be a takeover in progress.
        #expect(self.troubles(self.report([self.state { $0.locks = [:] }])) == [])
        #expect(
            found { state in
                state.loads[self.a] = NodeLoad()
                state.loads[self.a]?.troubledTenants = [self.acme]
            } == ["tenant fail"]
        )
        #expect(
            found { state in
                state.loads[self.a] = NodeLoad()
                state.loads[self.a]?.lags = ["acme": 90_000]
            } == ["tenant warn"]
        )
    }

    @Test("Redis: too old, a replica, one that evicts, one that cannot write to its disk, one without free clients")
    func redis() {
        func found(_ info: [String: String]) -> [String] { self.troubles(self.report([self.state()], redis: info)) }

        #expect(found(["redis_version": "4.0.9"]) == ["redis.version fail"])
        #expect(found(["role": "slave"]) == ["redis.role fail"])
        #expect(found(["maxmemory": "1000", "maxmemory_policy": "allkeys-lru"]) == ["redis.memory warn"])
        #expect(found(["maxmemory": "1000", "maxmemory_policy": "noeviction", "used_memory": "10"]) == [])
        #expect(
            found(["maxmemory": "1000", "maxmemory_policy": "noeviction", "used_memory": "950"])
                == ["redis.memory warn"]
        )
        #expect(found(["rdb_last_bgsave_status": "err"]) == ["redis.persistence fail"])
        #expect(found(["connected_clients": "95", "maxclients": "100"]) == ["redis.clients warn"])
    }

    @Test("Databases: too old, a standby, read-only, what the role lacks, the schema, connections")
    func databases() {
        func found(_ change: (inout ServerExamination) -> Void) -> [String] {
            self.troubles(self.report([self.state()], self.examination(change)))
        }

        #expect(found { $0.versionNumber = 130_009 } == ["server.version fail"])
        #expect(found { $0.isInRecovery = true } == ["database.writable fail"])
        #expect(found { $0.isReadOnly = true } == ["database.writable fail"])
        #expect(found { $0.schema.closedTables = ["work"] } == ["database.permissions fail"])
        #expect(found { $0.schema.closedFunctions = ["claim"] } == ["database.permissions fail"])
        #expect(found { $0.schema.foreignTables = ["runs"] } == ["database.permissions fail"])
        #expect(found { $0.schema.isUsable = false } == ["database.permissions fail"])
        #expect(found { $0.drift = SchemaComparison(exists: true, missing: [3]) } == ["schema warn"])
        #expect(found { $0.drift = SchemaComparison(exists: true, edited: [3]) } == ["schema fail"])
        #expect(found { $0.maxConnections = 30 } == ["server.connections fail"])
        #expect(found { $0.roleConnectionLimit = 10 } == ["server.connections fail"])
        #expect(found { $0.usedConnections = 95 } == ["server.connections warn"])
    }

    @Test("Settings that do not fit together fail; a tenant's database that cannot be reached fails alone")
    func apart() {
        var options = DoctorOptions()
        options.coordination.lockDuration = .seconds(1)
        let facts = DoctorFacts(redis: .failure(CoordinationError(.unavailable, operation: "ping", detail: "no route")))
        let settings = Doctor(facts: facts, options: options).report()
        let database = self.report([self.state()]) { facts in
            let error = StoreError(.unavailable, operation: "connect", detail: "no route")
            facts.databases[0].examination = .failure(error)
        }

        #expect(settings.findings.contains { $0.check == "settings" && $0.level == .fail })
        #expect(settings.findings.contains { $0.check == "redis.reachable" && $0.measured == "no route" })
        #expect(!settings.isBlind)
        #expect(self.troubles(database) == ["database.reachable fail"])
    }
}
