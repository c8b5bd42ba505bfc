internal import ClusterHarness
internal import Foundation
internal import TestSupport

/// A cluster under load that suffers one fault.
///
/// Three nodes and 24 tenants, 8 of them with a database each, 16 as schemas of two more; every tenant has a job that
/// is due every second, and a stream of timers.
package actor FaultTrial {
    /// The cluster.
    nonisolated let cluster: TestCluster
    /// How long the fault lasts.
    nonisolated let length: Duration
    /// The replicated Redis, if the cell asked for one.
    nonisolated let sentinels: PrivateRedisSentinels?
    /// Where to try what leaves something behind in the file system.
    nonisolated let directory: TemporaryDirectory

    /// A node that went away, and when.
    struct Loss {
        let node: String
        let at: Double
        let tenants: Set<String>
    }

    private let cell: FaultCell
    nonisolated var cellName: String { self.cell.name }
    nonisolated var takeoverLimit: Duration? { self.cell.takeoverLimit }
    private(set) var random: SeededGenerator
    private(set) var nodes: [TestNode] = []
    private(set) var everyNode: [TestNode] = []
    private(set) var proxies: [String: NodeProxies] = [:]
    private(set) var losses: [Loss] = []
    private(set) var problems: [String] = []
    /// Tenants that came and went.
    private(set) var guests: [TestCluster.Tenant] = []
    private var timers: TimerStream?
    private var undoing: [@Sendable () async throws -> Void] = []

    private init(_ cell: FaultCell, seed: UInt64, length: Duration?) async throws {
        self.cell = cell
        self.length = length ?? cell.length
        self.random = SeededGenerator(seed: seed)
        self.directory = try TemporaryDirectory()
        self.sentinels = cell.shape.hasSentinels ? try await PrivateRedisSentinels.start() : nil
        self.cluster = try await TestCluster.start(
            databases: 8,
            schemasInTwoMore: 16,
            registryApart: cell.shape.isRegistryApart,
            redisURL: self.sentinels?.url
        )
    }

    /// Runs one cell from the first server to the verdict.
    package static func run(_ cell: FaultCell, seed: UInt64, length: Duration? = nil) async throws -> FaultReport {
        let trial = try await FaultTrial(cell, seed: seed, length: length)
        do {
            try await trial.begin()
            try await cell.suffer(trial)
        } catch let impossible as FaultCell.Impossible {
            try await trial.tidy()
            throw impossible
        } catch {
            await trial.object("\(error)")
        }
        let report = try await trial.judge()
        try await trial.tidy()
        return report
    }

    private func begin() async throws {
        try await self.cell.shape.preparation?(self)
        for number in 1...3 { try self.start("node-\(number)") }
        try await self.cluster.waitUntilAllRun()
        try await self.cluster.waitUntilMembers(3)
        try await self.cluster.waitUntilBalanced()
        self.timers = TimerStream.start(self.cluster)
    }

    private func tidy() async throws {
        for node in self.nodes { node.process.terminate(SIGKILL) }
        for proxies in self.proxies.values { proxies.stop() }
        try await self.cluster.stop()
        try await self.sentinels?.stop()
        for undo in self.undoing { try await undo() }
    }

    // MARK: What cells do

    /// Does something when everything has been stopped.
    func atEnd(_ undo: @escaping @Sendable () async throws -> Void) { self.undoing.append(undo) }

    /// Notes that a promise was broken.
    func object(_ problem: String) { self.problems.append(problem) }

    /// Notes that a promise was broken unless a condition holds.
    func expect(_ isKept: Bool, _ promise: @autoclosure () -> String) {
        if !isKept { self.problems.append(promise()) }
    }

    /// Takes another tenant into the account.
    func admit(_ guest: TestCluster.Tenant) { self.guests.append(guest) }

    /// Lets time pass: the fault itself is what takes time.
    nonisolated func pass(_ duration: Duration? = nil) async throws {
        try await Task.sleep(for: duration ?? self.length)
    }

    /// Starts a node.
    @discardableResult
    func start(_ id: String, environment: [String: String?] = [:]) throws -> TestNode {
        if self.cell.shape.hasProxies, self.proxies[id] == nil {
            self.proxies[id] = try NodeProxies(before: self.cluster)
        }
        let node = try self.cluster.startNode(
            id,
            arguments: self.cell.shape.nodeArguments,
            route: self.proxies[id].map { $0.route(self.cluster) },
            environment: environment
        )
        self.nodes.removeAll { $0.id == id }
        self.nodes.append(node)
        self.everyNode.append(node)
        return node
    }

    /// Kills a node as a crash of its machine would, without a word.
    func kill(_ node: TestNode) async throws {
        try await self.lose(node)
        node.process.signal(SIGKILL)
        _ = try await node.waitForEnd(within: .seconds(5))
        self.nodes.removeAll { $0 === node }
    }

    /// Ends a node in an orderly way.
    func terminate(_ node: TestNode) async throws {
        node.process.signal(SIGTERM)
        let ending = try await node.waitForEnd(within: .seconds(45))
        self.expect(ending == .exited(0), "\(node.id) ended with \(ending)")
        self.nodes.removeAll { $0 === node }
    }

    /// Notes that a node goes away now: the time until its tenants run elsewhere is measured.
    func lose(_ node: TestNode) async throws {
        let owners = try await self.cluster.owners()
        let tenants = Set(owners.filter { $0.value == node.id }.keys)
        self.losses.append(Loss(node: node.id, at: try await self.cluster.now(), tenants: tenants))
    }

    /// The node that leads.
    func leader() async throws -> TestNode {
        let id = try await self.cluster.leader()
        guard let node = self.nodes.first(where: { $0.id == id }) else {
            throw ChildProcess.Failure("\(id) leads, which is not among \(self.nodes.map(\.id))")
        }
        return node
    }

    /// A node that does not lead.
    func follower() async throws -> TestNode {
        let id = try await self.cluster.leader()
        guard let node = self.nodes.filter({ $0.id != id }).randomElement(using: &self.random) else {
            throw ChildProcess.Failure("there is no follower")
        }
        return node
    }

    /// Any node.
    func anyNode() throws -> TestNode {
        guard let node = self.nodes.randomElement(using: &self.random) else {
            throw ChildProcess.Failure("there is no node")
        }
        return node
    }

    /// Takes the load away.
    func stopLoad() async throws {
        try await self.timers?.stop()
        self.timers = nil
    }
}
