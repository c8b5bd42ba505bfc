/// Where a Redis is and how to log in to it, as a connection string says it.
///
///     redis://[user[:password]@]host[:port][/database]
///     redis+sentinel://[user:password@]host[:port],…/master-name[/database]
///     redis+cluster://[user:password@]host[:port],…
///     unix:///path/of.sock[?db=N]        (also redis+unix:///…)
///     host[:port]
///
/// Ports default to 6379, those of Sentinels to 26379; `redis://:password@host` gives a password without a user.
/// User, password, master name and path are percent-decoded. Options follow a `?`: `db`, `client_name`,
/// `sentinel_username`, `sentinel_password`. The description masks passwords.
package struct RedisURL: Sendable, Hashable, CustomStringConvertible {
    /// What kind of installation it is.
    package enum Topology: Sendable, Hashable {
        /// One server.
        case single(RedisEndpoint)
        /// A master that Sentinels name.
        case sentinel([RedisEndpoint], master: String)
        /// A Redis Cluster, of which some nodes are given.
        case cluster([RedisEndpoint])
    }

    /// A user and password. Redis before version 6 knows passwords only.
    package struct Credentials: Sendable, Hashable {
        /// The ACL user; `nil` for the default user.
        package var username: String?
        /// The password in clear text.
        package var password: String

        /// Creates credentials.
        package init(username: String? = nil, password: String) {
            self.username = username
            self.password = password
        }
    }

    /// What kind of installation it is, and where.
    package var topology: Topology
    /// How to log in to the servers; `nil` if they want nothing.
    package var credentials: Credentials?
    /// How to log in to the Sentinels; `nil` if they want nothing.
    package var sentinelCredentials: Credentials?
    /// The database number; always 0 in a Redis Cluster.
    package var database: Int
    /// The name that connections give themselves; `nil` for none.
    package var clientName: String?

    /// Creates the description of an installation.
    package init(
        topology: Topology,
        credentials: Credentials? = nil,
        sentinelCredentials: Credentials? = nil,
        database: Int = 0,
        clientName: String? = nil
    ) {
        self.topology = topology
        self.credentials = credentials
        self.sentinelCredentials = sentinelCredentials
        self.database = database
        self.clientName = clientName
    }

    /// The connection string with `***` for the password, without options; fit for logs.
    package var description: String {
        var login = ""
        if let credentials = self.credentials { login = "\(credentials.username ?? ""):***@" }
        let suffix = self.database == 0 ? "" : "/\(self.database)"
        switch self.topology {
        case .single(.unix(let path)):
            return "unix://\(login)\(path)" + (self.database == 0 ? "" : "?db=\(self.database)")
        case .single(let endpoint):
            return "redis://\(login)\(endpoint)\(suffix)"
        case .sentinel(let endpoints, let master):
            return "redis+sentinel://\(login)\(Self.list(endpoints))/\(master)\(suffix)"
        case .cluster(let endpoints):
            return "redis+cluster://\(login)\(Self.list(endpoints))"
        }
    }

    private static func list(_ endpoints: [RedisEndpoint]) -> String {
        endpoints.map(\.description).joined(separator: ",")
    }
}

/// Why a connection string cannot be used. Never contains a part of it, which might be a password.
package enum RedisURLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The string is empty.
    case empty
    /// The part before `://` is none of those that are known.
    case unknownScheme
    /// `rediss://` was asked for, which the installed hiredis cannot do.
    case tlsUnsupported(hiredisVersion: String)
    /// A host is missing, or there is more than one where one is wanted.
    case invalidHost
    /// A port is not a number from 1 to 65535.
    case invalidPort
    /// The database is not a number, or one was given for a Redis Cluster.
    case invalidDatabase
    /// The name of the master is missing, or followed by more than a database.
    case invalidMasterName
    /// The path of the Unix socket is missing, relative or too long.
    case invalidPath
    /// A `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
    case invalidEscape
    /// An option has an unknown name, no value, or a value out of range.
    case invalidOption

    /// What is wrong and what is right.
    package var description: String {
        switch self {
        case .empty:
            "the Redis URL is empty"
        case .unknownScheme:
            "the Redis URL has an unknown scheme; known are redis, redis+sentinel, redis+cluster, redis+unix and unix"
        case .tlsUnsupported(let version):
            "rediss:// needs hiredis 1.0 or newer with TLS, this program has hiredis \(version); "
                + "use a TLS tunnel as the manual describes"
        case .invalidHost:
            "the Redis URL needs a host name or address (an IPv6 address in square brackets)"
        case .invalidPort:
            "a port in the Redis URL is not a number from 1 to 65535 "
                + "(':', '/', '?', '@' and '%' in a password must be percent-encoded)"
        case .invalidDatabase:
            "the database in the Redis URL is not a number from 0 to 65535, or not 0 for a Redis Cluster "
                + "('/' in a password must be percent-encoded)"
        case .invalidMasterName:
            "redis+sentinel:// needs the name of the master, as in redis+sentinel://host:26379/mymaster"
        case .invalidPath:
            "a Unix socket needs an absolute path of at most 107 bytes, as in unix:///run/redis/redis.sock"
        case .invalidEscape:
            "the Redis URL has a '%' that is not followed by two hexadecimal digits of UTF-8 text"
        case .invalidOption:
            "the Redis URL has an unknown or incomplete option; "
                + "known are db, client_name, sentinel_username and sentinel_password"
        }
    }
}
