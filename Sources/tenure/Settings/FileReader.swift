internal import Tenure
internal import Yams

/// Reads the values of a settings file and gathers what is wrong with them.
struct FileReader {
    let path: String
    private(set) var problems: [SettingsProblem] = []

    init(path: String) {
        self.path = path
    }

    /// The file and line of a value.
    func source(of node: Yams.Node) -> SettingSource { .file(path: self.path, line: node.mark?.line ?? 0) }

    /// Notes that a value is wrong.
    mutating func refuse(_ node: Yams.Node, _ message: String) {
        self.problems.append(SettingsProblem(place: self.source(of: node).description, message: message))
    }

    /// The known entries of a mapping, in the file's order; refuses others, with what was probably meant.
    mutating func entries(of mapping: Yams.Node.Mapping, known: [String]) -> [(name: String, value: Yams.Node)] {
        var entries: [(String, Yams.Node)] = []
        for (key, value) in mapping {
            let name = key.string ?? ""
            if known.contains(name) {
                entries.append((name, value))
            } else {
                let hint =
                    NearMiss.of(name, in: known).map { "did you mean \"\($0)\"?" }
                    ?? "known are \(known.joined(separator: ", "))"
                self.refuse(key, "unknown key \"\(name)\": \(hint)")
            }
        }
        return entries
    }

    mutating func mapping(_ node: Yams.Node, name: String) -> Yams.Node.Mapping? {
        if let mapping = node.mapping { return mapping }
        if node.isNull { return nil }
        self.refuse(node, "\(name): expected entries of the form 'name: value'")
        return nil
    }

    mutating func list(_ node: Yams.Node, name: String) -> [Yams.Node] {
        if let sequence = node.sequence { return Array(sequence) }
        if !node.isNull { self.refuse(node, "\(name): expected a list") }
        return []
    }

    /// A scalar as text, whatever its type.
    mutating func text(_ node: Yams.Node, name: String) -> String? {
        if let scalar = node.scalar, !node.isNull { return scalar.string }
        self.refuse(node, "\(name): expected a single value")
        return nil
    }

    /// A mapping of names to texts, such as labels.
    mutating func texts(of node: Yams.Node, name: String) -> [String: String] {
        guard let mapping = self.mapping(node, name: name) else { return [:] }
        var texts: [String: String] = [:]
        for (key, value) in mapping {
            let key = key.string ?? ""
            texts[key] = self.text(value, name: "\(name).\(key)")
        }
        return texts
    }

    /// A text turned into something else; refuses it with the hint when `parse` returns `nil`.
    mutating func value<Value>(
        _ node: Yams.Node,
        name: String,
        hint: String,
        parse: (String) throws -> Value?
    ) -> Value? {
        guard let text = self.text(node, name: name) else { return nil }
        // What the parser throws says no more than the hint.
        if let value = try? parse(text) { return value }
        self.refuse(node, "\(name) is \"\(text)\": \(hint)")
        return nil
    }

    /// Sets a scalar unless something before the file has.
    mutating func set(_ key: String, to node: Yams.Node, in settings: inout Settings, unless isSet: (String) -> Bool) {
        guard !node.isNull, let text = self.text(node, name: key), let definition = SettingsCatalogue.definition(key)
        else {
            return
        }
        // A value that does not count is checked all the same: it will count one day.
        var candidate = settings
        do throws(BadValue) {
            try definition.set(text, &candidate)
        } catch {
            self.refuse(node, "\(key) is \"\(definition.isSecret ? SecretMask.apply(text) : text)\": \(error.hint)")
            return
        }
        guard !isSet(key) else { return }
        settings = candidate
        settings.sources[key] = self.source(of: node)
    }
}

extension Yams.Node {
    /// `null`, `~` or nothing at all.
    var isNull: Bool { self.scalar != nil && self.tag == Tag(.null) }
}
