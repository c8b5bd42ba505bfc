/// What every connection of a process has in common: its name, its limits on silence, its settings.
package struct PostgresSession: Sendable, Hashable {
    /// A run-time setting of the server, applied when a connection opens.
    package struct Setting: Sendable, Hashable {
        /// The setting's name, e.g. `idle_in_transaction_session_timeout`.
        package var name: String
        /// The value with its unit, e.g. `3s`.
        package var value: String

        /// Creates a setting.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// What `pg_stat_activity` shows; cut to 63 bytes by the server. Default: `tenure`.
    package var applicationName: String
    /// How long a connection may take to open, unless the target or the caller sets a shorter time. Default: 5 s.
    package var connectTimeout: Duration
    /// How long written data may stay unacknowledged before the kernel gives the connection up. Default: 3 s.
    package var tcpUserTimeout: Duration
    /// Settings applied in one round trip when a connection opens.
    package var settings: [Setting]

    /// Creates a session's description.
    package init(
        applicationName: String = "tenure",
        connectTimeout: Duration = .seconds(5),
        tcpUserTimeout: Duration = .seconds(3),
        settings: [Setting] = []
    ) {
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.tcpUserTimeout = tcpUserTimeout
        self.settings = settings
    }

    /// What a target's parameters become: name and encoding are ours, TCP limits are the target's if it sets them.
    func parameters(completing given: [ConnectionParameter]) -> [ConnectionParameter] {
        let tcpUserTimeoutMilliseconds = self.tcpUserTimeout / .milliseconds(1)
        let ours = [
            ConnectionParameter(keyword: "application_name", value: self.applicationName),
            ConnectionParameter(keyword: "client_encoding", value: "UTF8"),
        ]
        let fallbacks = [
            // Asking a Kerberos server for tickets would block the reactor.
            ConnectionParameter(keyword: "gssencmode", value: "disable"),
            ConnectionParameter(keyword: "keepalives", value: "1"),
            ConnectionParameter(keyword: "keepalives_idle", value: "5"),
            ConnectionParameter(keyword: "keepalives_interval", value: "2"),
            ConnectionParameter(keyword: "keepalives_count", value: "3"),
            ConnectionParameter(keyword: "tcp_user_timeout", value: String(Int(tcpUserTimeoutMilliseconds))),
        ]
        let kept = given.filter { parameter in !ours.contains { $0.keyword == parameter.keyword } }
        return ours + kept + fallbacks.filter { extra in !kept.contains { $0.keyword == extra.keyword } }
    }
}
