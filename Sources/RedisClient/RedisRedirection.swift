/// What a Redis Cluster says about a key that is elsewhere.
package struct RedisRedirection: Sendable, Hashable {
    /// How the key is elsewhere.
    package enum Kind: Sendable, Hashable {
        /// The slot has moved for good.
        case moved
        /// The slot is moving; this one command is to be sent to the other node behind `ASKING`.
        case ask
    }

    /// How the key is elsewhere.
    package let kind: Kind
    /// The node that has it.
    package let endpoint: RedisEndpoint

    /// Reads `MOVED <slot> <host>:<port>` or `ASK …`; `nil` for any other error.
    ///
    /// - Parameter asked: The node that answered. Redis 7 leaves the host out if it does not know its own.
    package init?(_ error: RedisServerError, from asked: RedisEndpoint) {
        switch error.kind {
        case "MOVED": self.kind = .moved
        case "ASK": self.kind = .ask
        default: return nil
        }
        let words = error.message.split(separator: " ")
        guard words.count == 3, let colon = words[2].lastIndex(of: ":"),
            let port = UInt16(words[2][words[2].index(after: colon)...])
        else { return nil }
        let host = String(words[2][..<colon])
        guard let endpoint = RedisEndpoint(host: host, port: port, announcedBy: asked) else { return nil }
        self.endpoint = endpoint
    }
}

extension RedisEndpoint {
    /// The place that a node announced; `nil` if it announced no host and was not asked over TCP.
    init?(host: String, port: UInt16, announcedBy asked: RedisEndpoint) {
        if !host.isEmpty, host != "?" {
            self = .tcp(host: host, port: port)
        } else if case .tcp(let host, _) = asked {
            self = .tcp(host: host, port: port)
        } else {
            return nil
        }
    }
}
