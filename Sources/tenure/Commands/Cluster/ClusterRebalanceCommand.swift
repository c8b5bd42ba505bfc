internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure cluster rebalance`
struct ClusterRebalanceCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebalance",
        abstract: "Evens out the load now, whatever the threshold and the cooldown say.",
        discussion: """
            Examples:
              tenure cluster rebalance --plan
              tenure cluster rebalance
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Only show what would move, and why.")
    var plan = false

    private static func json(_ preview: RebalancePreview) -> JSON {
        .object([
            "moves": .array(
                preview.moves.map { move in
                    .object([
                        "tenant": .string(move.tenant.description),
                        "from": .string(move.source.description),
                        "to": .string(move.target.description),
                        "reason": .string(move.reason),
                    ])
                }
            ),
            "nodes": .array(
                preview.nodes.map { node in
                    .object([
                        "id": .string(node.id.description),
                        "tenants_before": .integer(node.tenantsBefore),
                        "tenants_after": .integer(node.tenantsAfter),
                        "load_before": .number(node.loadBefore),
                        "load_after": .number(node.loadAfter),
                    ])
                }
            ),
            "before": .number(preview.imbalanceBefore),
            "after": .number(preview.imbalanceAfter),
        ])
    }

    private static func text(_ preview: RebalancePreview) -> [String] {
        guard !preview.moves.isEmpty, case .array(let moves)? = Self.json(preview)["moves"],
            case .array(let nodes)? = Self.json(preview)["nodes"]
        else { return ["Nothing would move."] }
        return TextTable.lines(moves, columns: ["tenant", "from", "to", "reason"]) + [""]
            + TextTable.lines(nodes, columns: ["id", "tenants_before", "tenants_after", "load_before", "load_after"])
    }

    func run() async throws {
        let settings = try self.global.settings()
        try await self.global.withCluster { client in
            if self.plan {
                let preview = try await client.planRebalance(
                    options: settings.coordination,
                    placement: settings.placementStrategy
                )
                self.global.results.result(Self.json(preview), text: Self.text(preview))
                return
            }
            guard try await client.waitUntilServed(try await client.rebalance()) else {
                throw Failure(.failed, "no leader took the request up within 5 seconds: see 'tenure cluster status'")
            }
            self.global.results.done(
                .object(["served": .boolean(true)]),
                "The leader evens out the load: see 'tenure cluster status'."
            )
        }
    }
}
