internal import Foundation
internal import Yams

/// A settings file, YAML or JSON (which is YAML too), with the line of each value.
struct SettingsFile {
    let path: String
    private let root: Yams.Node.Mapping

    /// Reads and parses a file.
    ///
    /// - Throws: ``InvalidSettings`` when it cannot be read or is not a mapping.
    init(path: String) throws(InvalidSettings) {
        self.path = path
        func invalid(_ message: String) -> InvalidSettings {
            InvalidSettings(problems: [SettingsProblem(place: path, message: message)])
        }
        let node: Yams.Node?
        do {
            node = try Yams.compose(yaml: try String(contentsOfFile: path, encoding: .utf8))
        } catch let error as YamlError {
            throw invalid("not YAML or JSON: \(error)")
        } catch {
            throw invalid("cannot be read: \((error as NSError).localizedDescription)")
        }
        // An empty file is one in which everything is commented out.
        guard let node, node != Yams.Node("", Yams.Tag(.null)) else {
            self.root = Yams.Node.Mapping([])
            return
        }
        guard let root = node.mapping else { throw invalid("expected settings of the form 'name: value'") }
        self.root = root
    }

    /// Takes over everything that the file says.
    ///
    /// - Parameter isSet: Whether a scalar has been set already, by something that comes before files.
    func apply(to settings: inout Settings, unless isSet: (String) -> Bool) -> [SettingsProblem] {
        let scalars = SettingsCatalogue.definitions.map(\.key)
        let groups = Set(
            scalars.filter { $0.contains(".") }.compactMap { $0.split(separator: ".").first.map(String.init) }
        )
        let topNames = scalars.filter { !$0.contains(".") } + groups + SettingsCatalogue.structures
        var reader = FileReader(path: self.path)
        for (name, value) in reader.entries(of: self.root, known: topNames.sorted()) {
            switch name {
            case "labels": settings.labels = reader.texts(of: value, name: name)
            case "tenants": settings.tenants = reader.tenants(from: value)
            case "topics": settings.topics = reader.topics(from: value)
            case let group where groups.contains(group):
                guard let mapping = reader.mapping(value, name: group) else { continue }
                let names = scalars.filter { $0.hasPrefix(group + ".") }.map { String($0.dropFirst(group.count + 1)) }
                for (leaf, value) in reader.entries(of: mapping, known: names) {
                    reader.set("\(group).\(leaf)", to: value, in: &settings, unless: isSet)
                }
            default: reader.set(name, to: value, in: &settings, unless: isSet)
            }
            if SettingsCatalogue.structures.contains(name) { settings.sources[name] = reader.source(of: value) }
        }
        return reader.problems
    }
}
