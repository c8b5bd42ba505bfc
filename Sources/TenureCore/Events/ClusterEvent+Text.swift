extension ClusterEvent {
    /// One readable line: time, name and node, then the fields as `name=value`.
    ///
    /// A text that is empty or holds spaces, quotes or control characters is quoted as in JSON.
    public var text: String {
        var line = "\(UTCTimestamp.text(microseconds: self.time)) \(self.name) \(self.node)"
        for field in self.fields {
            line += " \(field.name)=\(Self.readable(field.value))"
        }
        return line
    }

    private static func readable(_ value: Value) -> String {
        guard case .string(let text) = value else { return value.description }
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F && $0 != "\"" && $0 != "=" }
        if isPlain { return text }
        var quoted = ""
        FlatJSON.append(string: text, to: &quoted)
        return quoted
    }
}
