internal import TenureCore

/// Puts settings together: flags, then environment, then file, then defaults.
struct SettingsResolver {
    /// What the command line says, by key, with the flag's name.
    var flags: [(key: String, flag: String, text: String)] = []
    /// Environment variables by name.
    var environment: [String: String] = [:]
    /// A settings file named on the command line; otherwise `TENURE_CONFIG` may name one.
    var path: String?

    /// The effective settings.
    ///
    /// - Throws: ``InvalidSettings`` with everything that is wrong, wherever it stands.
    func resolve() throws(InvalidSettings) -> Settings {
        var settings = Settings()
        var problems: [SettingsProblem] = []
        var isSet: Set<String> = []

        func take(_ text: String, for key: String, from source: SettingSource) {
            guard let definition = SettingsCatalogue.definition(key) else {
                let known = SettingsCatalogue.definitions.map(\.key)
                let leaf = key.split(separator: ".").last.map(String.init) ?? key
                let meant =
                    known.first { $0.hasSuffix("." + leaf) } ?? NearMiss.of(key, in: known)
                let hint = meant.map { "did you mean \"\($0)\"?" } ?? "known are \(known.joined(separator: ", "))"
                problems.append(SettingsProblem(place: source.description, message: "unknown key \"\(key)\": \(hint)"))
                return
            }
            guard isSet.insert(key).inserted else { return }
            do throws(BadValue) {
                try definition.set(text, &settings)
                settings.sources[key] = source
            } catch {
                let shown = definition.isSecret ? SecretMask.apply(text) : text
                let message = "\(key) is \"\(shown)\": \(error.hint)"
                problems.append(SettingsProblem(place: source.description, message: message))
            }
        }

        for (key, flag, text) in self.flags { take(text, for: key, from: .flag(flag)) }
        for definition in SettingsCatalogue.definitions {
            for name in definition.environment {
                // An empty variable counts as none: that is how one is switched off.
                guard let text = self.environment[name], !text.isEmpty else { continue }
                take(text, for: definition.key, from: .environment(name))
                break
            }
        }
        if let path = self.path ?? self.environment["TENURE_CONFIG"], !path.isEmpty {
            let file = try SettingsFile(path: path)
            problems += file.apply(to: &settings) { isSet.contains($0) }
        }
        if problems.isEmpty { problems = settings.problems() }
        guard problems.isEmpty else { throw InvalidSettings(problems: problems) }
        return settings
    }
}
