/// Where a database is and how to log in: a parsed libpq connection string.
///
/// Two targets with the same ``databaseKey`` share connections; all targets with the same ``serverKey`` share one
/// budget. The description never contains a password.
package struct PostgresTarget: Sendable, Hashable {
    /// One address of a server: a name, a numeric address, or the directory of a Unix socket.
    struct Endpoint: Sendable, Hashable {
        /// The name as given; empty if only an address was given.
        var host: String
        /// A numeric address, if given: no name needs to be resolved then.
        var address: String
        var port: String

        /// Whether the connection goes through a Unix socket (also in the abstract namespace).
        var isSocket: Bool { self.address.isEmpty && (self.host.hasPrefix("/") || self.host.hasPrefix("@")) }

        var key: String { "\((self.host.isEmpty ? self.address : self.host).lowercasedName):\(self.port)" }
    }

    /// Parameters as given, without the host, its address and port.
    let parameters: [ConnectionParameter]
    let endpoints: [Endpoint]

    /// The database that is connected to.
    package let database: String
    /// The role that logs in.
    package let user: String
    /// Names the server: `host:port`, or the socket's directory and port; several, separated by commas, as given.
    package let serverKey: String
    /// Names the server, the database, the role and the session options: what a connection can be shared by.
    package let databaseKey: String

    /// The time that a connection may take to open, in whole seconds, if the string sets one (`connect_timeout`).
    let connectTimeoutSeconds: Int?

    /// Parses a libpq URI or keyword string.
    ///
    /// What the string leaves open comes from the `PG…` variables of the environment and libpq's defaults.
    ///
    /// - Throws: ``PostgresError`` with `.invalidTarget`; its message repeats no part of the string.
    package init(_ string: String) throws(PostgresError) {
        let given = try ConnectionParameter.parse(string)
        let defaults = ConnectionParameter.defaults()
        func value(_ keyword: String) -> String {
            given.first { $0.keyword == keyword }?.value ?? defaults.first { $0.keyword == keyword }?.value ?? ""
        }
        self.user = value("user")
        self.database = value("dbname").isEmpty ? self.user : value("dbname")
        self.endpoints = try Self.endpoints(host: value("host"), address: value("hostaddr"), port: value("port"))
        self.parameters = given.filter { !["host", "hostaddr", "port"].contains($0.keyword) }
        self.serverKey = self.endpoints.map(\.key).joined(separator: ",")
        self.databaseKey = [self.serverKey, self.database, self.user, value("options")].joined(separator: "|")
        self.connectTimeoutSeconds = Int(value("connect_timeout")).flatMap { $0 > 0 ? $0 : nil }
    }

    /// Pairs the comma-separated lists as libpq does: one port may serve all hosts.
    private static func endpoints(
        host: String,
        address: String,
        port: String
    ) throws(PostgresError) -> [Endpoint] {
        func list(_ text: String) -> [String] {
            text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let hosts = list(host)
        let addresses = list(address)
        let ports = list(port)
        let count = max(host.isEmpty ? 0 : hosts.count, address.isEmpty ? 0 : addresses.count, 1)
        guard host.isEmpty || hosts.count == count, address.isEmpty || addresses.count == count,
            ports.count <= 1 || ports.count == count
        else {
            throw .invalidTarget("the numbers of hosts, addresses and ports differ")
        }
        guard ports.allSatisfy({ $0.isEmpty || UInt16($0) != nil }) else { throw .invalidTarget("a port is no number") }
        return (0..<count).map { index in
            let host = host.isEmpty ? "" : hosts[index]
            let address = address.isEmpty ? "" : addresses[index]
            let port = ports.count > 1 ? ports[index] : ports.first ?? ""
            return Endpoint(
                host: host.isEmpty && address.isEmpty ? Self.defaultHost : host,
                address: address,
                port: port.isEmpty ? "5432" : port
            )
        }
    }

    /// Where Debian's libpq looks for the socket when no host is named.
    private static let defaultHost = "/var/run/postgresql"
}

extension PostgresTarget: CustomStringConvertible {
    /// A URI with the role, the server and the database, and nothing else.
    package var description: String {
        "postgresql://\(self.user)@\(self.serverKey)/\(self.database)"
    }
}

extension PostgresTarget: CustomReflectable {
    /// Shows the description only, so that no dump prints a password.
    package var customMirror: Mirror { Mirror(self, children: ["target": self.description]) }
}

extension String {
    /// Host names do not differ by case; paths of sockets do.
    fileprivate var lowercasedName: String { self.hasPrefix("/") || self.hasPrefix("@") ? self : self.lowercased() }
}

extension PostgresError {
    static func invalidTarget(_ message: String) -> PostgresError {
        PostgresError(.invalidTarget, .notSent, operation: "connect", message: message)
    }
}
