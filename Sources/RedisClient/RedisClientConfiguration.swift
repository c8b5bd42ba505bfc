/// How a client or subscriber connects.
package struct RedisClientConfiguration: Sendable {
    /// Where Redis is and how to log in.
    package var url: RedisURL
    /// The name that connections give themselves (`CLIENT LIST` shows it); the URL's by default, `nil` for none.
    package var clientName: String?
    /// Scripts that are loaded whenever a connection becomes ready.
    package var scripts: [RedisScript]
    /// How long one attempt to connect may take, with log-in and loading of scripts; default 2 s.
    package var connectTimeout = Duration.seconds(2)
    /// How long to wait between attempts.
    package var backoff = RedisBackoff()
    /// What one connection tolerates.
    package var limits = RedisConnection.Limits()
    /// How long a subscriber's connection may be silent before it is probed; default 2 s.
    package var keepAliveInterval = Duration.seconds(2)

    /// Creates a configuration with the defaults.
    package init(url: RedisURL, scripts: [RedisScript] = []) {
        self.url = url
        self.clientName = url.clientName
        self.scripts = scripts
    }
}
