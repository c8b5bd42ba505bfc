/// A value as Redis sends it (RESP2).
package enum RedisValue: Sendable, Hashable {
    /// The null string or null array.
    case null
    /// A status, such as `OK`.
    case simple(String)
    /// A string of any bytes.
    case bytes([UInt8])
    /// A 64-bit integer.
    case integer(Int)
    /// A list of values, each of any kind.
    case array([RedisValue])
    /// An error inside an array. An error as the whole reply is thrown, not returned.
    case error(RedisServerError)
}

/// An error reply: a word in capitals that programs look at, and a sentence for people.
package struct RedisServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The whole reply.
    package let message: String

    /// Wraps an error reply, without the leading `-`.
    package init(message: String) {
        self.message = message
    }

    /// The first word, such as `ERR`, `NOSCRIPT` or `READONLY`.
    package var kind: Substring {
        self.message.prefix { $0 != " " && $0 != "\r" && $0 != "\n" }
    }

    /// The whole reply.
    package var description: String { self.message }
}
