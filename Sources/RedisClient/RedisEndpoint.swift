/// Where a Redis server listens.
package enum RedisEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// A host name or numeric address (IPv6 without brackets) and a port.
    case tcp(host: String, port: UInt16)
    /// The path of a Unix socket.
    case unix(path: String)

    /// The form in which a user would write it, such as `127.0.0.1:6379`, `[::1]:6379` or `unix:/run/redis.sock`.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
