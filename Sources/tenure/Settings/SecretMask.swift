/// Hides passwords in connection strings.
enum SecretMask {
    /// What stands for a password.
    static let mask = "***"

    /// The text with its passwords hidden: `scheme://user:…@host`, `?password=…` and `password=…` among keywords.
    static func apply(_ text: String) -> String {
        // Up to the last @ of all: a password may hold characters that nobody has escaped.
        let userinfo = /(:\/\/[^:\/?@\s]*):\S*@/
        // A quoted value may hold spaces and escaped quotes.
        let keyword = /((?:^|[?&\s])(?:ssl)?pass(?:word|wd)\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^&\s]*)/.ignoresCase()
        return text.replacing(userinfo) { "\($0.output.1):\(self.mask)@" }
            .replacing(keyword) { "\($0.output.1)\(self.mask)" }
    }
}
