/// Finds what somebody probably meant.
enum NearMiss {
    /// The closest of some names, if one is so close that a slip of the keyboard explains it.
    static func of(_ text: String, in names: [String]) -> String? {
        let text = self.normalized(text)
        let scored = names.map { (name: $0, distance: self.distance(text, self.normalized($0))) }
        guard let best = scored.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else { return nil }
        return best.distance <= max(1, text.count / 3) ? best.name : nil
    }

    /// `HeartbeatInterval` and `heartbeat-interval` are near misses of `heartbeat_interval`.
    private static func normalized(_ text: String) -> [Character] {
        text.lowercased().filter { $0 != "_" && $0 != "-" }.map { $0 }
    }

    /// How many insertions, deletions and replacements turn one text into the other.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (right[column] == character ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
