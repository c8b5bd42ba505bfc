/// What came of one cell.
package struct FaultReport: Sendable {
    /// The cell's name.
    package let cell: String
    /// Seconds from a node's loss to the first run elsewhere, for each of its tenants.
    package var takeovers = Figures([])
    /// Milliseconds from the old owner's last pass to the new one's first, for each planned move.
    package var gaps = Figures([])
    /// Seconds from due to started, for each run, before, during and after the fault.
    package var lateness = Figures([])
    /// Seconds from the end of the fault until every tenant had run again.
    package var recovery: Double?
    /// Runs and occurrences that were done twice.
    package var twice = 0
    /// Occurrences without a run.
    package var lost = 0
    /// Every promise that was broken.
    package var problems: [String] = []
    /// What nodes said, for whom a problem concerns.
    package var timeline = ""

    /// Whether all promises were kept.
    package var isGreen: Bool { self.problems.isEmpty }

    private static let columns = [
        "cell", "takeovers: n, worst", "hand-overs: n, p50, worst", "runs", "lateness p50, p99, worst", "runs again",
        "twice", "lost", "verdict",
    ]

    /// The head of a table of reports, in Markdown.
    package static var head: String {
        Self.line(Self.columns) + "\n" + Self.line(Self.columns.map { String(repeating: "-", count: $0.count) })
    }

    /// One row of that table.
    package var row: String {
        let takeovers = self.takeovers.worst.map { "\(self.takeovers.count), \(Figures.text($0, digits: 1)) s" }
        let gaps = self.gaps.worst.map {
            "\(self.gaps.count), \(Figures.text(self.gaps.percentile(0.5), digits: 0)) ms, "
                + "\(Figures.text($0, digits: 0)) ms"
        }
        let lateness = [self.lateness.percentile(0.5), self.lateness.percentile(0.99), self.lateness.worst]
            .map(self.milliseconds).joined(separator: ", ")
        return Self.line([
            self.cell, takeovers ?? "–", gaps ?? "–", String(self.lateness.count), lateness,
            "\(Figures.text(self.recovery, digits: 1)) s", String(self.twice), String(self.lost),
            self.isGreen ? "green" : "RED",
        ])
    }

    private func milliseconds(_ seconds: Double?) -> String {
        guard let seconds else { return "–" }
        return seconds < 1 ? "\(Figures.text(seconds * 1000, digits: 0)) ms" : "\(Figures.text(seconds, digits: 1)) s"
    }

    private static func line(_ words: [String]) -> String {
        let widths = [26, 19, 25, 6, 24, 10, 5, 4, 7]
        let padded = zip(words, widths).map { word, width in
            word + String(repeating: " ", count: max(0, width - word.count))
        }
        return "| " + padded.joined(separator: " | ") + " |"
    }
}
