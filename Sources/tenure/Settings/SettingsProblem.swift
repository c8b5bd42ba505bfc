/// One thing that is wrong with the settings: what, where, and what to do.
struct SettingsProblem: Sendable, Hashable, CustomStringConvertible {
    /// Where it was said: a place in a file, an environment variable or a flag; `nil` for a combination of options.
    var place: String?
    /// What is wrong and what to do, in a clause.
    var message: String
    /// The settings that a combination is made of, each with its value and where it came from.
    var settings: [String] = []

    var description: String {
        (self.place.map { "\($0): " } ?? "") + self.message + self.settings.map { "\n    \($0)" }.joined()
    }
}

/// Settings that cannot be used, with every reason.
struct InvalidSettings: Error, CustomStringConvertible {
    let problems: [SettingsProblem]

    var description: String {
        "invalid settings:" + self.problems.map { "\n  \($0)" }.joined()
    }
}

/// Why a value was refused: what it should be instead.
struct BadValue: Error {
    let hint: String
}
