import Foundation
import Tenure
import TenureSinks
import Testing

@testable import tenure

@Suite("SettingsResolver")
struct SettingsResolverTests {
    /// Resolves settings with a file of this content.
    private func resolve(
        file: String? = nil,
        environment: [String: String] = [:],
        flags: [(String, String)] = []
    ) throws -> Settings {
        var resolver = SettingsResolver()
        resolver.environment = environment
        resolver.flags = flags.map { (key: $0.0, flag: "--\($0.0)", text: $0.1) }
        guard let file else { return try resolver.resolve() }
        let path = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString).yaml").path
        try Data(file.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        resolver.path = path
        return try resolver.resolve()
    }

    /// What is wrong, without the places.
    private func problems(_ body: () throws -> Settings) throws -> [String] {
        let error = try #require(throws: InvalidSettings.self) { try body() }
        return error.problems.map(\.message)
    }

    @Test("Without anything, everything has its default")
    func defaults() throws {
        let settings = try self.resolve()

        #expect(settings.coordination == CoordinationOptions())
        #expect(settings.runs == RunOptions())
        #expect(settings.redis == "redis://127.0.0.1:6379")
        #expect(settings.sources.isEmpty)
    }

    @Test("Flags come before the environment, the environment before the file, the file before defaults")
    func precedence() throws {
        let file = "coordination: { lock_duration: 11s, node_timeout: 12s, drain_timeout: 13s }"
        let environment = ["TENURE_LOCK_DURATION": "21s", "TENURE_NODE_TIMEOUT": "22s"]

        let settings = try self.resolve(
            file: file,
            environment: environment,
            flags: [("coordination.lock_duration", "31s")]
        )

        #expect(settings.coordination.lockDuration == .seconds(31))
        #expect(settings.coordination.nodeTimeout == .seconds(22))
        #expect(settings.coordination.drainTimeout == .seconds(13))
        #expect(settings.source(of: "coordination.lock_duration").description == "--coordination.lock_duration")
        #expect(settings.source(of: "coordination.node_timeout").description == "TENURE_NODE_TIMEOUT")
        #expect(settings.source(of: "coordination.drain_timeout").description.hasSuffix(".yaml:1"))
        #expect(settings.source(of: "coordination.safety_margin") == .standard)
    }

    @Test(
        "Well-known variables count after Tenure's own, and empty ones not at all",
        arguments: [
            (["TENURE_REDIS_URL": "redis://a", "REDIS_URL": "redis://b"], "redis://a"),
            (["TENURE_REDIS_URL": "", "REDIS_URL": "redis://b"], "redis://b"),
            (["REDIS_URL": ""], "redis://127.0.0.1:6379"),
        ]
    )
    func wellKnownVariables(environment: [String: String], redis: String) throws {
        #expect(try self.resolve(environment: environment).redis == redis)
    }

    @Test("Every option has a variable of its own")
    func variables() {
        let names = SettingsCatalogue.definitions.flatMap(\.environment)

        #expect(Set(names).count == names.count)
        #expect(names.contains("TENURE_HEARTBEAT_INTERVAL"))
        #expect(names.contains("TENURE_CLUSTER"))
        #expect(names.contains("TENURE_NODE_ID"))
        #expect(names.contains("TENURE_REGISTRY_URL"))
        #expect(names.contains("DATABASE_URL"))
    }

    @Test("What an option shows can be read back, whatever its kind")
    func roundTrip() throws {
        let settings = Settings()
        for definition in SettingsCatalogue.definitions {
            guard let text = definition.text(settings) else { continue }
            var copy = settings
            try definition.set(text, &copy)
            #expect(definition.text(copy) == text, "\(definition.key)")
        }
    }

    @Test("A file in YAML has tenants and topics")
    func structures() throws {
        let settings = try self.resolve(
            file: """
                labels: { zone: a }
                tenants:
                  - { id: acme, connection: "env:ACME_URL", schema: app, weight: 2, labels: { region: eu } }
                  - { id: other, connection: "host=db", suspended: true, pinned_node: n1, priority: -3 }
                topics:
                  - { match: "report.*", sink: exec, command: ["/bin/report", 1], grace: 1s }
                  - { match: "mail.*", sink: log, max_running: 4, rate: 10/s, burst: 20 }
                  - { match: "*", sink: sleep }
                """
        )

        let acme = Tenant(
            id: try TenantID("acme"),
            connection: "env:ACME_URL",
            schema: "app",
            weight: 2,
            labels: ["region": "eu"]
        )
        let other = Tenant(
            id: try TenantID("other"),
            connection: "host=db",
            priority: -3,
            pinnedNode: try NodeID("n1"),
            isSuspended: true
        )
        #expect(settings.labels == ["zone": "a"])
        #expect(settings.tenants == [acme, other])
        let exec = ExecSink(command: ["/bin/report", "1"], grace: .seconds(1))
        var mail = TopicRule("mail.*", to: .log)
        (mail.maxRunning, mail.rate, mail.burst) = (4, LimitRate(10), 20)
        #expect(settings.topics == [TopicRule("report.*", to: .exec(exec)), mail, TopicRule("*", to: .sleep)])
        #expect(
            settings.nodeOptions(nodeID: try NodeID("n1")).runs.limits == [
                LimitDefinition(name: "settings:mail.*", topic: "mail.*", maxRunning: 4, rate: LimitRate(10), burst: 20)
            ]
        )
    }

    @Test("A file in JSON says the same")
    func json() throws {
        let settings = try self.resolve(
            file: #"{"redis": "redis://h", "runs": {"max_concurrent": 7}, "tenants": [{"id": "a", "connection": "x"}]}"#
        )

        #expect(settings.redis == "redis://h")
        #expect(settings.runs.maxConcurrent == 7)
        #expect(settings.tenants.map(\.id.description) == ["a"])
    }

    @Test(
        "A file in which everything is commented out says nothing",
        arguments: ["", "# redis: x\n", "redis:\n", "{}"]
    )
    func emptyFile(text: String) throws {
        #expect(try self.resolve(file: text).sources.isEmpty)
    }

    @Test(
        "What is wrong in a file is named, with what to do",
        arguments: [
            ("coordnation: {}", "unknown key \"coordnation\": did you mean \"coordination\"?"),
            (
                "coordination: { heartbeat_intervall: 1s }",
                "unknown key \"heartbeat_intervall\": did you mean \"heartbeat_interval\"?"
            ),
            (
                "coordination: { node_timeout: 3 }",
                "coordination.node_timeout is \"3\": write a number and a unit, such as 500ms, 2s, 5m or 1h"
            ),
            ("coordination: 3", "coordination: expected entries of the form 'name: value'"),
            (
                "selection: fair",
                "selection is \"fair\": write weighted-fair, round-robin, drain-first, earliest-due, "
                    + "target-lateness, priority"
            ),
            ("tenants: [{ id: a }]", "tenants: each needs an id and a connection"),
            ("tenants: [{ id: a, connection: x }, { id: a, connection: y }]", "tenants: a stands there twice"),
            (
                "tenants: [{ id: a b, connection: x }]",
                "tenants.id is \"a b\": write 1 to 64 letters, digits, dots, underscores or hyphens"
            ),
            ("topics: [{ match: x, sink: sql }]", "topics: sql needs a function, such as app.post_entry"),
            (
                "topics: [{ match: x, sink: log, function: app.f }]",
                "topics: function and context belong to the sink sql, not to log"
            ),
            ("topics: [{ match: x, sink: exec }]", "topics: exec needs a command, such as [\"/usr/local/bin/report\"]"),
            (
                "topics: [{ match: x, sink: log, command: [y] }]",
                "topics: command and grace belong to the sink exec, not to log"
            ),
            (
                "topics: [{ match: \"a*b\", sink: log }]",
                "topics.match is \"a*b\": write a topic, or the beginning of one with a single * at the end"
            ),
            (
                "topics: [{ match: x, sink: log, rate: fast }]",
                "topics.rate is \"fast\": write starts in a time, such as 10/s, 100/m or 3/10s"
            ),
            ("redis: [x]", "redis: expected a single value"),
            ("- x", "expected settings of the form 'name: value'"),
        ]
    )
    func fileProblems(text: String, problem: String) throws {
        #expect(try self.problems { try self.resolve(file: text) } == [problem])
    }

    @Test("A bad value in the file is told even where something else overrides it")
    func overriddenProblem() throws {
        let problems = try self.problems {
            try self.resolve(
                file: "coordination: { lock_duration: soon }",
                environment: ["TENURE_LOCK_DURATION": "5s"]
            )
        }

        #expect(problems == ["coordination.lock_duration is \"soon\": \(DurationText.hint)"])
    }

    @Test("All problems are told at once, each with its place")
    func allProblems() throws {
        let error = try #require(throws: InvalidSettings.self) {
            try self.resolve(
                file: "nothing: 1\n",
                environment: ["TENURE_NODE_TIMEOUT": "x"],
                flags: [("capacity", "-1")]
            )
        }

        #expect(error.problems.count == 3)
        #expect(error.problems[0].place == "--capacity")
        #expect(error.problems[1].place == "TENURE_NODE_TIMEOUT")
        #expect(error.problems[2].place?.hasSuffix(".yaml:1") == true)
    }

    @Test("A57: a combination of options that cannot work is refused, with the reason")
    func impossibleCombination() throws {
        let problems = try self.problems { try self.resolve(flags: [("coordination.lock_duration", "1s")]) }

        #expect(problems.count == 1)
        #expect(problems.first?.contains("LockDuration") == true)
        #expect(problems.first?.contains("HeartbeatInterval") == true)
    }
}
