import Foundation
import Tenure
import TenureCore
import Testing

@testable import Tenure
@testable import tenure

@Suite("Fuzzing of files and rows", .timeLimit(.minutes(10)))
struct FileFuzzTests {
    private static let yaml = """
        redis: redis://127.0.0.1:6379
        registry: postgresql://127.0.0.1/registry
        cluster: default
        coordination: { heartbeat_interval: 1s, rebalancing_threshold: 0.2, max_schedules_per_node: 1000 }
        runs: { max_concurrent: 100 }
        connections: { per_server: 20 }
        selection: weighted-fair
        labels: { region: eu }
        tenants:
          - { id: acme, connection: "env:ACME_URL", schema: tenure, weight: 2, labels: { region: eu } }
        discovery: { query: "SELECT 1", interval: 30s }
        topics:
          - { match: "report.*", sink: exec, command: ["/bin/true"] }
          - { match: "*", sink: log }
        """

    @Test("Settings files are refused with every reason, or give settings")
    func settings() throws {
        let path = NSTemporaryDirectory() + "/fuzz-settings-\(ProcessInfo.processInfo.processIdentifier).yaml"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let json = #"{"redis": "redis://h", "tenants": [{"id": "a", "connection": "x"}], "runs": {"batch_size": 7}}"#
        let tokens = [
            "{}", "[]", ": ", "- ", "\n", "  ", "tenants:", "1s", "coordination.", "'", "|\n", "? ", "#", "!!int",
        ]
        try Fuzz("settings").run([Self.yaml, json], tokens: tokens) { text in
            try Data(text.utf8).write(to: URL(filePath: path))
            var resolver = SettingsResolver()
            resolver.path = path
            do throws(InvalidSettings) {
                _ = try resolver.resolve()
                return true
            } catch {
                Fuzz.expectClear(error.description, about: text)
                return false
            }
        }
    }

    @Test("Durations are refused, or mean the same when written")
    func durations() throws {
        try Fuzz("duration").run(
            ["500ms", "2s", "5m", "1h", "1.5s", "0s"],
            tokens: ["ms", "s", "h", "d", ".", "-", "e9"]
        ) {
            guard let duration = DurationText.parse($0) else { return false }
            #expect(DurationText.parse(DurationText.text(duration)) == duration)
            return true
        }
    }

    @Test("Exports are refused with a reason, or are read")
    func exports() throws {
        let job =
            #"{"name":"nightly","topic":"t","cron":"0 3 * * *","time_zone":"UTC","payload":{"a":1},"priority":0,"#
            + #""max_attempts":5,"backoff_base_ms":250,"backoff_max_ms":60000,"misfire":"latest","#
            + #""misfire_grace_ms":60000,"misfire_bound":100,"overlap":"allow","jitter_ms":0,"paused":false}"#
        let good = #"{"format":"\#(TenantExport.format)","version":\#(TenantExport.formatVersion),"jobs":[\#(job)]}"#
        let empty =
            #"{"format":"\#(TenantExport.format)","version":\#(TenantExport.formatVersion),"jobs":[],"work":[]}"#
        try Fuzz("export").run(
            [good, empty],
            tokens: ["\"jobs\":", "\"work\":", "\"every_us\":1", "\"version\":99", "{}"]
        ) {
            do {
                _ = try TenantExport(data: Data($0.utf8))
                return true
            } catch {
                Fuzz.expectClear("\(error)", about: $0)
                return false
            }
        }
    }

    @Test("Rows of a registry are tenants, or harm themselves only")
    func rows() throws {
        let separator = "\u{1F}"
        let corpus = [
            ["acme", "postgresql://h/d", "tenure", "1.5", "3", #"{"region":"eu"}"#, "node-1", "true", "f"],
            ["globex", "env:X", "", "", "", "", "", "t", "true"],
        ].map { $0.joined(separator: separator) }
        try Fuzz("registry-row").run(corpus, tokens: [separator, "true", "f", "{}", "[7]", "-1", "inf", "tenure"]) {
            text in
            let cells = text.components(separatedBy: separator)
            func cell(_ index: Int) -> String? { index < cells.count && !cells[index].isEmpty ? cells[index] : nil }
            let row = TenantRow(
                id: cell(0),
                connection: cell(1),
                schema: cell(2),
                weight: cell(3),
                priority: cell(4),
                labels: cell(5),
                pinnedNode: cell(6),
                isActive: cell(7),
                isSuspended: cell(8)
            )
            switch row.read() {
            case .tenant(let tenant):
                #expect(tenant.weight > 0 && tenant.weight.isFinite && !tenant.connection.isEmpty)
                return true
            case .inactive: return true
            case .unreadable(_, let problem):
                Fuzz.expectClear(problem.reason, about: text)
                return false
            }
        }
    }
}
