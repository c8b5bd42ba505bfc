extension RedisValue {
    /// Whether this is the null value.
    package var isNull: Bool {
        self == .null
    }

    /// The text of a status or string, or an integer's digits; `nil` for anything else. Invalid UTF-8 is repaired.
    package var string: String? {
        switch self {
        case .simple(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let integer): String(integer)
        case .null, .array, .error: nil
        }
    }

    /// The integer, also one that was sent as a string of digits; `nil` for anything else.
    package var integer: Int? {
        switch self {
        case .integer(let integer): integer
        case .simple(let text): Int(text)
        case .bytes(let bytes): Int(String(decoding: bytes, as: UTF8.self))
        case .null, .array, .error: nil
        }
    }

    /// The bytes of a status or string; `nil` for anything else.
    package var bytes: [UInt8]? {
        switch self {
        case .simple(let text): Array(text.utf8)
        case .bytes(let bytes): bytes
        case .null, .integer, .array, .error: nil
        }
    }

    /// The elements of an array; `nil` for anything else.
    package var array: [RedisValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// An array of strings; `nil` if this is no array or an element has no text.
    package var strings: [String]? {
        guard let elements = self.array else { return nil }
        let strings = elements.compactMap(\.string)
        return strings.count == elements.count ? strings : nil
    }

    /// A flat array of names and values, as `HGETALL` returns it, in the order of the reply; `nil` for anything else.
    package var pairs: [(name: String, value: RedisValue)]? {
        guard let elements = self.array, elements.count.isMultiple(of: 2) else { return nil }
        var pairs: [(name: String, value: RedisValue)] = []
        pairs.reserveCapacity(elements.count / 2)
        for index in stride(from: 0, to: elements.count, by: 2) {
            guard let name = elements[index].string else { return nil }
            pairs.append((name, elements[index + 1]))
        }
        return pairs
    }

    /// A flat array of names and texts as a dictionary; of a repeated name the last one counts. `nil` for anything
    /// else.
    package var dictionary: [String: String]? {
        guard let pairs = self.pairs else { return nil }
        var dictionary: [String: String] = [:]
        for (name, value) in pairs {
            guard let text = value.string else { return nil }
            dictionary[name] = text
        }
        return dictionary
    }

    /// The element at a position of an array; ``null`` beyond its end or if this is no array.
    package subscript(_ index: Int) -> RedisValue {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return .null }
        return elements[index]
    }
}
