/// Whether a client has a connection.
package enum RedisConnectionState: Sendable, Hashable {
    /// Requests are served by this server. It may be another one than before, or the same one without its data.
    case connected(RedisEndpoint)
    /// There is no connection; the client tries on. The reason is for people.
    case disconnected(reason: String)
}
