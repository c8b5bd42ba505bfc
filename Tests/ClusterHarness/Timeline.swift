internal import Foundation

/// What nodes said about some tenants, in the order of time: for the message of a check that failed.
package struct Timeline: CustomStringConvertible {
    private let lines: [String]
    private let limit: Int

    /// Collects what nodes said since an instant, in seconds since 1970, and shows so many of the last lines.
    package init(of tenants: some Collection<String>, from nodes: [TestNode], since: Double, limit: Int = 60) {
        self.limit = limit
        let interesting = Set(tenants)
        var lines: [(time: String, text: String)] = []
        let start = Date(timeIntervalSince1970: since).formatted(
            .iso8601.year().month().day().time(includingFractionalSeconds: true)
        )
        for node in nodes {
            for event in node.events {
                guard let time = event["time"] as? String, time >= start, let name = event["event"] as? String else {
                    continue
                }
                let tenant = event["tenant"] as? String
                guard tenant.map(interesting.contains) ?? true else { continue }
                let fields = event.filter { !["event", "time", "cluster", "node"].contains($0.key) }
                let text = fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
                lines.append((time, "\(time) \(node.id) \(name) \(text)"))
            }
        }
        self.lines = lines.sorted { $0.time < $1.time }.map(\.text)
    }

    /// The last lines.
    package var description: String { self.lines.suffix(self.limit).joined(separator: "\n") }
}
