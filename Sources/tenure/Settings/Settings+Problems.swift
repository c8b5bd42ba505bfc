internal import Tenure

extension Settings {
    /// What is impossible in these settings, by the checks of a node: each with the keys that it is about, their values
    /// and where these came from. Empty when a node would start with them.
    func problems() -> [SettingsProblem] {
        var problems: [SettingsProblem] = []
        do {
            // Parses the URL; connects to nothing.
            _ = try self.clusterClient()
        } catch {
            let detail = (error as? CoordinationError)?.detail ?? "\(error)"
            let place = self.source(of: "redis").description
            problems.append(SettingsProblem(place: place, message: "redis: \(detail)"))
        }
        // The name is of no consequence here, and the literal is a valid one.
        let options = self.nodeOptions(nodeID: self.nodeID ?? (try! NodeID("node")))
        for message in options.problems() {
            let settings = SettingsCatalogue.definitions(namedIn: message).map { definition in
                "\(definition.key) is \(definition.text(self) ?? "not set") (\(self.source(of: definition.key)))"
            }
            problems.append(SettingsProblem(place: nil, message: message, settings: settings))
        }
        return problems
    }
}

extension SettingsCatalogue {
    /// The settings that a message of the library is about, in the order in which it names them.
    ///
    /// The library names options as its documentation does, `LockDuration`, or by the key, `runs.batch_size`.
    static func definitions(namedIn message: String) -> [SettingDefinition] {
        let text = self.words(of: message)
        let places = self.definitions.compactMap { definition -> (range: Range<Int>, definition: SettingDefinition)? in
            let key = self.words(of: definition.key)
            // Only the options of coordination go by their own name, without that of the group.
            let name = key.first == "coordination" ? key.dropFirst() : key[...]
            return text.firstRange(of: name).map { ($0, definition) }
        }
        // `runs.max_concurrent_per_tenant` does not name `runs.max_concurrent`.
        let named = places.filter { place in
            !places.contains { $0.range != place.range && $0.range.contains(place.range) }
        }
        return named.sorted { $0.range.lowerBound < $1.range.lowerBound }.map(\.definition)
    }

    /// The words of `lock_duration`, `LockDuration` and `lock duration` alike.
    private static func words(of text: String) -> [String] {
        var words: [String] = []
        var wasLowercase = false
        for character in text {
            let isPart = character.isLetter || character.isNumber
            if isPart {
                let begins = words.isEmpty || (character.isUppercase && wasLowercase)
                if begins { words.append("") }
                words[words.count - 1] += character.lowercased()
            } else if words.last?.isEmpty == false {
                words.append("")
            }
            wasLowercase = isPart && !character.isUppercase
        }
        return words
    }
}
