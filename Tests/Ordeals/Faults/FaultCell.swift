/// One fault, and how a cluster of real processes comes to suffer it.
///
/// The trial that it is given has a cluster under load. When the body returns the fault is over; the trial then waits
/// for quiet, and judges.
package struct FaultCell: Sendable {
    /// What the cell asks of the servers.
    package struct Shape: Sendable {
        /// Whether the registry has a server of its own.
        package var isRegistryApart = false
        /// Whether Redis is a master with a replica and Sentinels.
        package var hasSentinels = false
        /// Whether each node has proxies of its own before the servers.
        package var hasProxies = false
        /// More arguments of each node.
        package var nodeArguments: [String] = []
        /// What is done before the first node starts.
        package var preparation: (@Sendable (FaultTrial) async throws -> Void)?
    }

    /// A cell that cannot be tried here, and why.
    package struct Impossible: Error, CustomStringConvertible {
        /// The reason.
        package let description: String
    }

    /// Its name on the command line.
    package let name: String
    /// What happens.
    package let summary: String
    /// How long the fault lasts, unless the user says otherwise.
    let length: Duration
    /// The longest time from a node's loss to the first run of each of its tenants elsewhere.
    let takeoverLimit: Duration?
    let shape: Shape
    let suffer: @Sendable (FaultTrial) async throws -> Void

    init(
        _ name: String,
        _ summary: String,
        length: Duration = .seconds(8),
        takeoverLimit: Duration? = nil,
        shape: Shape = Shape(),
        suffer: @escaping @Sendable (FaultTrial) async throws -> Void
    ) {
        self.name = name
        self.summary = summary
        self.length = length
        self.takeoverLimit = takeoverLimit
        self.shape = shape
        self.suffer = suffer
    }

    /// Every cell, in the order in which they are run.
    package static let all: [FaultCell] =
        Self.deaths + Self.pauses + Self.forgetfulRedis + Self.redisOutages + [Self.staleFailover] + Self.partitions
        + Self.postgresDeaths + [Self.fullDisk, Self.killedSessions, Self.registryOutage, Self.clockJump]
        + [Self.rollingRestart, Self.churn]

    /// The cell of a name.
    package static func named(_ name: String) -> FaultCell? { Self.all.first { $0.name == name } }
}
