internal import ClusterHarness
internal import TestSupport

/// A registry that is away, also while a node dies.
extension FaultCell {
    static let registryOutage = FaultCell(
        "registry-outage",
        "the registry is stopped for 30 s, and a node dies meanwhile",
        length: .seconds(15),
        takeoverLimit: .seconds(5),
        shape: Shape(isRegistryApart: true)
    ) { trial in
        try await trial.cluster.registry.stop()
        try await trial.pass()
        let victim = try await trial.anyNode()
        try await trial.kill(victim)
        try await trial.pass()
        let dropped = await trial.everyNode.flatMap { $0.events("tenant.removed") }
        await trial.expect(dropped.isEmpty, "tenants were dropped: \(dropped.prefix(3))")
        try await trial.cluster.registry.startAgain()
        try await trial.start(victim.id)
    }
}
