internal import Tenure
internal import TenureSinks
internal import Yams

extension FileReader {
    private static let nameHint = "write 1 to 64 letters, digits, dots, underscores or hyphens"

    /// The list of tenants.
    mutating func tenants(from node: Yams.Node) -> [Tenant] {
        var tenants: [Tenant] = []
        var seen: Set<TenantID> = []
        for item in self.list(node, name: "tenants") {
            guard let tenant = self.tenant(from: item) else { continue }
            if seen.insert(tenant.id).inserted {
                tenants.append(tenant)
            } else {
                self.refuse(item, "tenants: \(tenant.id) stands there twice")
            }
        }
        return tenants
    }

    private mutating func tenant(from node: Yams.Node) -> Tenant? {
        guard let mapping = self.mapping(node, name: "tenants") else { return nil }
        let known = ["id", "connection", "schema", "weight", "priority", "labels", "pinned_node", "suspended"]
        var id: TenantID?
        var connection: String?
        var changes: [(inout Tenant) -> Void] = []
        for (name, value) in self.entries(of: mapping, known: known) {
            let label = "tenants.\(name)"
            switch name {
            case "id": id = self.value(value, name: label, hint: Self.nameHint) { try TenantID($0) }
            case "connection": connection = self.text(value, name: label)
            case "schema":
                let hint = "write 1 to 48 letters, digits or underscores"
                if let schema = self.value(value, name: label, hint: hint, parse: Self.schemaName) {
                    changes.append { $0.schema = schema }
                }
            case "weight":
                let parse: (String) -> Double? = { Double($0).flatMap { $0.isFinite && $0 > 0 ? $0 : nil } }
                if let weight = self.value(value, name: label, hint: "write a number above 0", parse: parse) {
                    changes.append { $0.weight = weight }
                }
            case "priority":
                if let priority = self.value(value, name: label, hint: "write a whole number", parse: { Int($0) }) {
                    changes.append { $0.priority = priority }
                }
            case "labels":
                let labels = self.texts(of: value, name: label)
                changes.append { $0.labels = labels }
            case "pinned_node":
                if let pinned = self.value(value, name: label, hint: Self.nameHint, parse: { try NodeID($0) }) {
                    changes.append { $0.pinnedNode = pinned }
                }
            default:
                let parse: (String) -> Bool? = { ["true": true, "false": false][$0.lowercased()] }
                if let suspended = self.value(value, name: label, hint: "write true or false", parse: parse) {
                    changes.append { $0.isSuspended = suspended }
                }
            }
        }
        guard let id, let connection else {
            if !mapping.keys.contains("id") || !mapping.keys.contains("connection") {
                self.refuse(node, "tenants: each needs an id and a connection")
            }
            return nil
        }
        var tenant = Tenant(id: id, connection: connection)
        for change in changes { change(&tenant) }
        return tenant
    }

    private static func schemaName(_ text: String) -> String? {
        let isName = text.wholeMatch(of: /[A-Za-z0-9_]{1,48}/) != nil
        return isName ? text : nil
    }

    /// The rules by topic, in their order.
    mutating func topics(from node: Yams.Node) -> [TopicRule] {
        self.list(node, name: "topics").compactMap { self.topic(from: $0) }
    }

    private mutating func topic(from node: Yams.Node) -> TopicRule? {
        guard let mapping = self.mapping(node, name: "topics") else { return nil }
        var pattern: String?
        var sink: String?
        var command: [String] = []
        var grace: Duration?
        var function: SQLSink?
        var passesContext: Bool?
        var limits: [(inout TopicRule) -> Void] = []
        for (name, value) in self.entries(of: mapping, known: Self.topicKeys) {
            let label = "topics.\(name)"
            switch name {
            case "match": pattern = self.value(value, name: label, hint: Self.patternHint, parse: Self.pattern)
            case "sink":
                let hint = "write log, sleep, exec or sql"
                let kinds = ["log", "sleep", "exec", "sql"]
                sink = self.value(value, name: label, hint: hint) { kinds.contains($0) ? $0 : nil }
            case "max_running", "burst":
                let hint = "write a whole number from 1"
                let parse: (String) -> Int? = { Int($0).flatMap { $0 > 0 ? $0 : nil } }
                guard let number = self.value(value, name: label, hint: hint, parse: parse) else { continue }
                limits.append { if name == "burst" { $0.burst = number } else { $0.maxRunning = number } }
            case "rate":
                let hint = "write starts in a time, such as 10/s, 100/m or 3/10s"
                guard let rate = self.value(value, name: label, hint: hint, parse: { LimitRate($0) }) else { continue }
                limits.append { $0.rate = rate }
            case "command": command = self.list(value, name: label).compactMap { self.text($0, name: label) }
            case "function":
                let hint = "write a function's name with its schema, such as app.post_entry"
                function = self.value(value, name: label, hint: hint) { SQLSink(function: $0) }
            case "context":
                let parse: (String) -> Bool? = { ["true": true, "false": false][$0.lowercased()] }
                passesContext = self.value(value, name: label, hint: "write true or false", parse: parse)
            default: grace = self.value(value, name: label, hint: DurationText.hint) { DurationText.parse($0) }
            }
        }
        let problemCount = self.problems.count
        if !mapping.keys.contains("match") { self.refuse(node, "topics: each needs a match, such as \"report.*\"") }
        if !mapping.keys.contains("sink") { self.refuse(node, "topics: each needs a sink: log, sleep, exec or sql") }
        if sink == "exec", command.isEmpty {
            self.refuse(node, "topics: exec needs a command, such as [\"/usr/local/bin/report\"]")
        } else if let sink, sink != "exec", !command.isEmpty || grace != nil {
            self.refuse(node, "topics: command and grace belong to the sink exec, not to \(sink)")
        }
        if sink == "sql", !mapping.keys.contains("function") {
            self.refuse(node, "topics: sql needs a function, such as app.post_entry")
        } else if let sink, sink != "sql", function != nil || passesContext != nil {
            self.refuse(node, "topics: function and context belong to the sink sql, not to \(sink)")
        }
        guard self.problems.count == problemCount, let pattern, let sink else { return nil }
        var rule: TopicRule
        switch sink {
        case "log": rule = TopicRule(pattern, to: .log)
        case "sleep": rule = TopicRule(pattern, to: .sleep)
        case "sql":
            guard var function else { return nil }
            function.passesContext = passesContext ?? false
            rule = TopicRule(pattern, to: .sql(function))
        default:
            var exec = ExecSink(command: command)
            if let grace { exec.grace = grace }
            rule = TopicRule(pattern, to: .exec(exec))
        }
        for change in limits { change(&rule) }
        return rule
    }

    private static let topicKeys = [
        "match", "sink", "command", "grace", "function", "context", "max_running", "rate", "burst",
    ]

    private static let patternHint = "write a topic, or the beginning of one with a single * at the end"

    private static func pattern(_ text: String) -> String? {
        text.isEmpty || text.dropLast().contains("*") ? nil : text
    }
}
