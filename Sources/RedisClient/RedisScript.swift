/// A Lua script: its source and the keys that it declares.
///
/// A client loads the scripts that it was given when a connection becomes ready, and runs them by the digest that the
/// server returned. If the server has forgotten one, it is loaded again and run once more.
package struct RedisScript: Sendable, Hashable {
    /// The name under which the script is loaded and appears in errors. One name stands for one source.
    package let name: String
    /// The Lua source.
    package let source: String
    /// What each of `KEYS` is, in order; its count is checked at each call.
    package let keys: [String]

    /// Creates a script.
    package init(name: String, source: String, keys: [String]) {
        self.name = name
        self.source = source
        self.keys = keys
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.name == right.name
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.name)
    }
}
