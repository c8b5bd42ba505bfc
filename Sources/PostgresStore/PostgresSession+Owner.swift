package import PostgresClient
package import TenureCore

extension PostgresSession {
    /// The session of a node: one that is stopped or cut off ends, with its locks, before another node may own what it
    /// owned.
    ///
    /// The application's name begins with `tenure`: `take_ownership` ends only such sessions.
    ///
    /// - Parameters:
    ///   - node: Shown in `pg_stat_activity`, cut to what fits.
    ///   - lockDuration: How long a tenant's lock lasts in Redis; silence is cut off at half of it.
    package static func owner(node: NodeID, lockDuration: Duration) -> PostgresSession {
        let silence = max(500, lockDuration.milliseconds / 2)
        return PostgresSession(
            applicationName: String("tenure \(node)".prefix(63)),
            tcpUserTimeout: .milliseconds(silence),
            settings: [
                .init("idle_in_transaction_session_timeout", "\(silence)ms"),
                .init("client_connection_check_interval", "\(max(100, silence / 2))ms"),
                .init("tcp_user_timeout", "\(silence)ms"),
            ]
        )
    }
}
