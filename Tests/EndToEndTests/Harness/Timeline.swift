import Foundation

/// What nodes said about some tenants, in the order of time: for the message of a check that failed.
struct Timeline: CustomStringConvertible {
    private let lines: [String]

    init(of tenants: some Collection<String>, from nodes: [TestNode], since: Double) {
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

    var description: String { self.lines.suffix(60).joined(separator: "\n") }
}
