internal import Foundation
internal import Tenure
internal import TenureSinks

extension Settings {
    /// The options of a node; without a name of its own it gets one.
    func nodeOptions() throws -> NodeOptions {
        self.nodeOptions(nodeID: try self.nodeID ?? Self.someNodeID())
    }

    /// The options of a node of this name.
    func nodeOptions(nodeID: NodeID) -> NodeOptions {
        var options = NodeOptions(nodeID: nodeID, cluster: self.cluster)
        options.redisURL = self.redis
        options.keyPrefix = self.keyPrefix
        options.coordination = self.coordination
        options.runs = self.runs
        options.runs.limits = self.topics.compactMap(\.limit)
        options.connections = self.connections
        options.retention = self.retention
        options.watchdog = self.watchdog
        options.discoveryInterval = self.discovery.interval
        options.autoMigrate = self.autoMigrate
        options.capacity = self.capacity
        options.labels = self.labels
        options.selection = self.selectionStrategy
        options.placement = self.placementStrategy
        return options
    }

    /// Where tenants come from: the list, the registry, the company's own table, or several of them.
    ///
    /// - Throws: ``InvalidSettings`` when there is nothing to find tenants with.
    func tenantDiscovery() throws -> any TenantDiscovery {
        var discoveries: [any TenantDiscovery] = []
        if !self.tenants.isEmpty { discoveries.append(StaticDiscovery(self.tenants)) }
        if let query = self.discovery.query {
            guard let connection = self.discovery.connection ?? self.registry else {
                let message = "discovery.query needs a database: set discovery.connection or registry"
                let place = self.source(of: "discovery.query").description
                throw InvalidSettings(problems: [SettingsProblem(place: place, message: message)])
            }
            discoveries.append(QueryDiscovery(connection: connection, query: query))
        } else if let registry = self.registry {
            discoveries.append(RegistryDiscovery(connection: registry))
        }
        guard let first = discoveries.first else {
            let message = "no tenants: give --registry, or --tenant ID=URL, or 'tenants' in the settings file"
            throw InvalidSettings(problems: [SettingsProblem(place: nil, message: message)])
        }
        return discoveries.count == 1 ? first : CombinedDiscovery(discoveries)
    }

    private var selectionStrategy: any SelectionStrategy {
        switch self.selection {
        case .weightedFair: WeightedFairSelection()
        case .roundRobin: RoundRobinSelection()
        case .drainFirst: DrainFirstSelection()
        case .earliestDue: EarliestDueSelection()
        case .targetLateness: TargetLatenessSelection()
        case .priority: PrioritySelection()
        }
    }

    /// Chooses the node of a tenant.
    var placementStrategy: any PlacementStrategy {
        switch self.placement {
        case .leastLoaded: LeastLoadedPlacement()
        case .rendezvous: RendezvousPlacement()
        case .labelAffinity: LabelAffinityPlacement()
        }
    }

    /// The host's name and a random suffix, of the characters that a name may have.
    private static func someNodeID() throws(InvalidName) -> NodeID {
        let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? "node"
        let name = host.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "-" }
        let suffix = String(UInt32.random(in: 0...0xFFFFFF), radix: 16)
        return try NodeID(String(name.prefix(50)) + "-" + suffix)
    }
}
