extension RedisURL {
    /// Reads a connection string.
    ///
    /// - Throws: ``RedisURLError``.
    package init(_ string: String) throws(RedisURLError) {
        guard !string.isEmpty else { throw .empty }
        guard let separator = string.firstRange(of: "://") else {
            try self.init(scheme: "redis", rest: string[...])
            return
        }
        try self.init(scheme: string[..<separator.lowerBound].lowercased(), rest: string[separator.upperBound...])
    }

    private init(scheme: String, rest: Substring) throws(RedisURLError) {
        let (place, query) = rest.cut(at: "?")
        let (authority, path) = place.cut(at: "/")
        let (login, hosts) = authority.cutLast(at: "@")
        switch scheme {
        case "redis":
            let endpoints = try Self.endpoints(hosts, defaultPort: 6379)
            guard endpoints.count == 1 else { throw .invalidHost }
            self.init(topology: .single(endpoints[0]), database: try Self.database(path))
        case "redis+sentinel":
            let (name, database) = (path ?? "").cut(at: "/")
            let master = try name.percentDecoded()
            guard !master.isEmpty else { throw .invalidMasterName }
            let sentinels = try Self.endpoints(hosts, defaultPort: 26379)
            self.init(topology: .sentinel(sentinels, master: master), database: try Self.database(database))
        case "redis+cluster":
            guard try Self.database(path) == 0 else { throw .invalidDatabase }
            self.init(topology: .cluster(try Self.endpoints(hosts, defaultPort: 6379)))
        case "unix", "redis+unix":
            let file = "/" + (try (path ?? "").percentDecoded())
            guard hosts.isEmpty, file.utf8.count > 1, file.utf8.count < 108 else { throw .invalidPath }
            self.init(topology: .single(.unix(path: file)))
        case "rediss":
            throw .tlsUnsupported(hiredisVersion: hiredisVersion)
        default:
            throw .unknownScheme
        }
        self.credentials = try Self.credentials(login)
        try self.apply(query)
    }

    private static func credentials(_ login: Substring?) throws(RedisURLError) -> Credentials? {
        guard let login, !login.isEmpty else { return nil }
        let (username, password) = login.cut(at: ":")
        let user = try username.percentDecoded()
        return Credentials(username: user.isEmpty ? nil : user, password: try (password ?? "").percentDecoded())
    }

    private static func endpoints(_ hosts: Substring, defaultPort: UInt16) throws(RedisURLError) -> [RedisEndpoint] {
        var endpoints: [RedisEndpoint] = []
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
            endpoints.append(try self.endpoint(host, defaultPort: defaultPort))
        }
        return endpoints
    }

    private static func endpoint(_ text: Substring, defaultPort: UInt16) throws(RedisURLError) -> RedisEndpoint {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw .invalidHost }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { throw .invalidHost }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            (host, port) = text.cut(at: ":")
        }
        let name = try host.percentDecoded()
        guard !name.isEmpty, !name.contains(where: \.isWhitespace) else { throw .invalidHost }
        guard let port else { return .tcp(host: name, port: defaultPort) }
        guard let number = UInt16(port), number > 0 else { throw .invalidPort }
        return .tcp(host: name, port: number)
    }

    private static func database(_ text: Substring?) throws(RedisURLError) -> Int {
        guard let text, !text.isEmpty else { return 0 }
        guard let number = UInt16(text) else { throw .invalidDatabase }
        return Int(number)
    }

    private mutating func apply(_ query: Substring?) throws(RedisURLError) {
        guard let query, !query.isEmpty else { return }
        for option in query.split(separator: "&") {
            let (name, encoded) = option.cut(at: "=")
            guard let encoded, !encoded.isEmpty else { throw .invalidOption }
            let value = try encoded.percentDecoded()
            switch name {
            case "db":
                self.database = try Self.database(value[...])
                if case .cluster = self.topology, self.database != 0 { throw .invalidDatabase }
            case "client_name":
                guard value.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { throw .invalidOption }
                self.clientName = value
            case "sentinel_username":
                self.sentinelCredentials = Credentials(
                    username: value,
                    password: self.sentinelCredentials?.password ?? ""
                )
            case "sentinel_password":
                self.sentinelCredentials = Credentials(
                    username: self.sentinelCredentials?.username,
                    password: value
                )
            default:
                throw .invalidOption
            }
        }
    }
}

extension Substring {
    /// The parts before and after the first occurrence of a character; no second part if there is none.
    fileprivate func cut(at separator: Character) -> (Substring, Substring?) {
        guard let index = self.firstIndex(of: separator) else { return (self, nil) }
        return (self[..<index], self[self.index(after: index)...])
    }

    /// The parts before and after the last occurrence of a character; no first part if there is none.
    fileprivate func cutLast(at separator: Character) -> (Substring?, Substring) {
        guard let index = self.lastIndex(of: separator) else { return (nil, self) }
        return (self[..<index], self[self.index(after: index)...])
    }

    fileprivate func percentDecoded() throws(RedisURLError) -> String {
        guard self.contains("%") else { return String(self) }
        var bytes: [UInt8] = []
        var rest = self.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, let value = UInt8(digits, radix: 16),
                digits.first != "+"
            else { throw .invalidEscape }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .invalidEscape }
        return text
    }
}
