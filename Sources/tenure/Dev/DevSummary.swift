/// What a development cluster did, checked from its databases.
struct DevSummary: Sendable {
    let tallies: [SampleTally]
    let takeovers: [MoveLog.Move]
    let handovers: [MoveLog.Move]

    /// Whether nothing was missed and nothing completed twice.
    var isClean: Bool { self.tallies.allSatisfy(\.isClean) }

    var json: JSON {
        .object([
            "tenants": .array(self.tallies.map(\.json)),
            "takeovers": .array(self.takeovers.map(\.json)),
            "handovers": .array(self.handovers.map(\.json)),
        ])
    }

    /// The summary for people.
    var text: [String] {
        var lines =
            [""]
            + TextTable.lines(
                self.tallies.map(\.json),
                columns: ["id", "due", "completed", "completed_twice", "missed"]
            )
        lines.append("")
        lines.append(Self.line("takeovers", self.takeovers))
        lines.append(Self.line("handovers", self.handovers))
        lines.append(
            self.isClean ? "Nothing was missed, nothing completed twice." : "Something was missed or completed twice."
        )
        return lines
    }

    private static func line(_ name: String, _ moves: [MoveLog.Move]) -> String {
        guard let longest = moves.compactMap(\.gapMilliseconds).max() else { return "\(name)  \(moves.count)" }
        return "\(name)  \(moves.count), longest gap \(longest.rounded()) ms"
    }
}
