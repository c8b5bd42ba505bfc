internal import IOReactor

/// Finds the server to connect to, connects, logs in and loads the scripts.
///
/// It remembers which Sentinel answered last and which cluster nodes it has heard of. What it asks of Sentinels is in
/// `RedisConnector+Sentinel.swift`.
///
/// - Important: Belongs to one actor on the reactor, in whose isolation all of it runs.
final class RedisConnector {
    let reactor: IOReactor
    let configuration: RedisClientConfiguration
    private let resolver: HostResolver
    /// Sentinels, or nodes of a cluster, in the order in which they are tried.
    private(set) var candidates: [RedisEndpoint]
    private(set) var isCancelled = false
    private var opening: RedisConnection?

    init(reactor: IOReactor, configuration: RedisClientConfiguration) {
        self.reactor = reactor
        self.configuration = configuration
        self.resolver = HostResolver(reactor: reactor)
        switch configuration.url.topology {
        case .single(let endpoint): self.candidates = [endpoint]
        case .sentinel(let endpoints, _), .cluster(let endpoints): self.candidates = endpoints
        }
    }

    /// Opens a connection that is ready for use. One attempt at a time.
    ///
    /// - Throws: ``RedisError``, nothing of which has happened.
    func open() async throws(RedisError) -> (connection: RedisConnection, endpoint: RedisEndpoint) {
        let deadline = ContinuousClock.now + self.configuration.connectTimeout
        switch self.configuration.url.topology {
        case .single(let endpoint):
            return (try await self.openServer(endpoint, deadline: deadline), endpoint)
        case .sentinel(_, let master):
            let endpoint = try await self.askSentinels(for: master, deadline: deadline)
            let connection = try await self.openServer(endpoint, deadline: deadline)
            try await self.verifyMaster(connection, deadline: deadline)
            return (connection, endpoint)
        case .cluster:
            // The next attempt asks the next node, unless this one serves.
            let endpoint = self.candidates[0]
            self.candidates.append(self.candidates.removeFirst())
            let connection = try await self.openServer(endpoint, deadline: deadline)
            await self.learnNodes(from: connection, at: endpoint, deadline: deadline)
            self.prefer(endpoint)
            return (connection, endpoint)
        }
    }

    /// Opens a connection to a certain node, beside the one that is in use.
    func openServer(
        _ endpoint: RedisEndpoint,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisConnection {
        let connection = try await self.connect(to: endpoint, deadline: deadline)
        do {
            try await self.prepare(connection, deadline: deadline)
        } catch {
            await connection.close()
            throw error
        }
        return connection
    }

    /// Tries a node first from now on.
    func prefer(_ endpoint: RedisEndpoint) {
        self.candidates.removeAll { $0 == endpoint }
        self.candidates.insert(endpoint, at: 0)
        // Nodes come and go; the list must not grow with every one that ever was.
        if self.candidates.count > 64 { self.candidates.removeLast() }
    }

    /// Ends an attempt that is under way, and refuses further ones.
    func cancel() async {
        self.isCancelled = true
        await self.opening?.close()
    }

    // MARK: Connecting

    func connect(
        to endpoint: RedisEndpoint,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisConnection {
        let addresses = try await self.addresses(of: endpoint, deadline: deadline)
        var failure = RedisError(.unavailable, operation: "connect", detail: "no address")
        for (index, address) in addresses.enumerated() {
            guard !self.isCancelled else { throw RedisError(.closed, operation: "connect") }
            // An address that does not answer must leave time for the others.
            let remaining = deadline - .now
            let share = index == addresses.count - 1 ? remaining : remaining / 2
            let connection = RedisConnection(reactor: self.reactor, limits: self.configuration.limits)
            self.opening = connection
            do {
                try await connection.connect(to: address, deadline: .now + share)
                return connection
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func addresses(
        of endpoint: RedisEndpoint,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> [SocketAddress] {
        switch endpoint {
        case .unix(let path):
            guard let address = SocketAddress(unixPath: path) else {
                throw RedisError(.unavailable, operation: "connect", detail: "the socket's path is too long")
            }
            return [address]
        case .tcp(let host, let port):
            do {
                return try await self.resolver.addresses(of: host, port: port, deadline: deadline)
            } catch {
                throw RedisError(.unavailable, operation: "resolve", detail: "\(host): \(error)")
            }
        }
    }

    // MARK: Log-in

    private func prepare(_ connection: RedisConnection, deadline: ContinuousClock.Instant) async throws(RedisError) {
        try await Self.logIn(connection, self.configuration.url.credentials, deadline: deadline)
        if self.configuration.url.database != 0 {
            let select = RedisCommand("SELECT", self.configuration.url.database)
            _ = try await connection.execute(select, deadline: deadline)
        }
        if let name = self.configuration.clientName {
            // Only for people who look at CLIENT LIST: a user that may not set it can still work.
            _ = try? await connection.execute(RedisCommand("CLIENT", "SETNAME", name), deadline: deadline)
        }
        for script in self.configuration.scripts {
            _ = try await Self.load(script, on: connection, deadline: deadline)
        }
    }

    static func logIn(
        _ connection: RedisConnection,
        _ credentials: RedisURL.Credentials?,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) {
        do {
            if let credentials {
                var command = RedisCommand("AUTH")
                if let username = credentials.username { command.append(username) }
                command.append(credentials.password)
                _ = try await connection.execute(command, deadline: deadline)
            }
            // Finds out now whether a password is wanted, or the server is still loading its data.
            _ = try await connection.execute(RedisCommand("PING"), deadline: deadline)
        } catch {
            let isRefused = error.operation == "AUTH" || ["NOAUTH", "WRONGPASS"].contains(error.serverError?.kind)
            guard isRefused, let serverError = error.serverError, serverError.kind != "LOADING" else { throw error }
            throw RedisError(.authenticationFailed, operation: "AUTH", serverError: serverError)
        }
    }

    /// Loads a script and returns its digest.
    static func load(
        _ script: RedisScript,
        on connection: RedisConnection,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> String {
        let reply = try await connection.execute(RedisCommand("SCRIPT", "LOAD", script.source), deadline: deadline)
        guard let digest = reply.string else { throw RedisError(.malformed, operation: "SCRIPT LOAD") }
        return digest
    }

    // MARK: Cluster

    private func learnNodes(
        from connection: RedisConnection,
        at endpoint: RedisEndpoint,
        deadline: ContinuousClock.Instant
    ) async {
        let slots: RedisValue
        do {
            slots = try await connection.execute(RedisCommand("CLUSTER", "SLOTS"), deadline: deadline)
        } catch {
            // The nodes that are known already, and redirections, do without it.
            return
        }
        for range in slots.array ?? [] {
            for node in (range.array ?? []).dropFirst(2) {
                guard let port = node[1].integer.flatMap(UInt16.init(exactly:)),
                    let other = RedisEndpoint(host: node[0].string ?? "", port: port, announcedBy: endpoint)
                else { continue }
                if !self.candidates.contains(other), self.candidates.count < 64 { self.candidates.append(other) }
            }
        }
    }
}
