package import IOReactor
package import RedisClient
package import TenureCore

/// The coordination port over Redis: every change is one Lua script.
///
/// Three connections, so that nothing waits behind anything of another kind: one for heartbeats with the renewal of
/// locks and of the leadership, one for everything else, one for wake-ups. They are made at the first use, or by
/// ``connect()``, and again whenever they are lost.
///
/// All methods may be called from an actor on the same reactor without a change of thread.
///
/// - Important: Call ``close()`` before the reactor is shut down.
package final class RedisCoordinationStore: CoordinationStore {
    /// Where the cluster's data lies and how long to wait for Redis.
    package struct Configuration: Sendable {
        /// Where Redis is.
        package var url: RedisURL
        /// Which cluster's keys.
        package var cluster: ClusterName
        /// The option `KeyPrefix`.
        package var keyPrefix: String
        /// How long a heartbeat or the renewal of a leadership may take. Default 500 ms.
        package var heartbeatTimeout: Duration = .milliseconds(500)
        /// How long anything else may take. Default 2 s.
        package var requestTimeout: Duration = .seconds(2)
        /// About how many entries the event stream keeps. Default 10,000.
        package var eventLimit: Int = 10_000
        /// How many requests of operators may wait for the leader. Default 1,000.
        package var requestLimit: Int = 1_000

        /// A configuration with the defaults.
        package init(url: RedisURL, cluster: ClusterName, keyPrefix: String = "tenure:") {
            self.url = url
            self.cluster = cluster
            self.keyPrefix = keyPrefix
        }
    }

    /// The cluster's key names.
    package let keyspace: Keyspace

    let configuration: Configuration
    let heartbeats: RedisClient
    let commands: RedisClient
    let subscriber: RedisSubscriber
    let highestSingletonToken = HighestToken()
    let nodeMemory = JSONMemory<NodeDescriptor>(limit: 1_000)
    let tenantMemory = JSONMemory<TenantDescriptor>(limit: 100_000)

    /// Creates a store; does no I/O.
    package init(reactor: IOReactor, configuration: Configuration) {
        self.configuration = configuration
        self.keyspace = Keyspace(cluster: configuration.cluster, keyPrefix: configuration.keyPrefix)
        func client(running scripts: [CoordinationScript]) -> RedisClient {
            let scripts = scripts.map(\.script)
            return RedisClient(reactor: reactor, configuration: .init(url: configuration.url, scripts: scripts))
        }
        self.heartbeats = client(running: [.heartbeat, .renewLeadership])
        self.commands = client(running: CoordinationScript.coordination)
        self.subscriber = RedisSubscriber(reactor: reactor, configuration: .init(url: configuration.url))
    }

    // MARK: Connection

    /// Waits until requests can be sent, at most the request timeout.
    ///
    /// - Throws: ``CoordinationError`` with `.unavailable`, or `.rejected` when Redis refuses this user.
    package func connect() async throws(CoordinationError) {
        let deadline = ContinuousClock.now + self.configuration.requestTimeout
        do throws(RedisError) {
            try await self.heartbeats.connect(deadline: deadline)
            try await self.commands.connect(deadline: deadline)
        } catch {
            throw CoordinationError(error, operation: "connect")
        }
    }

    /// Closes the connections; requests that wait end with an error. Safe to call again.
    package func close() async {
        await self.heartbeats.close()
        await self.commands.close()
        await self.subscriber.close()
    }

    /// Whether Redis can be reached, as the heartbeats' connection sees it: the present state if it is known, then
    /// every change. Ends with ``close()``.
    package func connectionStates() async -> AsyncStream<RedisReachability> {
        let states = await self.heartbeats.states()
        return AsyncStream {
            var iterator = states.makeAsyncIterator()
            return await iterator.next().map(RedisReachability.init)
        }
    }

    // MARK: Running scripts

    /// Runs a script, on the connection of the heartbeats or on that of everything else.
    func run(
        _ script: CoordinationScript,
        _ operation: String,
        _ arguments: [any RedisArgument] = [],
        urgently: Bool = false
    ) async throws(CoordinationError) -> ReplyReader {
        let client = urgently ? self.heartbeats : self.commands
        let timeout = urgently ? self.configuration.heartbeatTimeout : self.configuration.requestTimeout
        do throws(RedisError) {
            let value = try await client.run(
                script.script,
                keys: script.keys.map { self.keyspace[$0] },
                arguments: arguments,
                deadline: .now + timeout
            )
            return ReplyReader(value, operation: operation)
        } catch {
            throw CoordinationError(error, operation: operation)
        }
    }

    /// Sends one command.
    func send(_ command: RedisCommand, _ operation: String) async throws(CoordinationError) -> ReplyReader {
        do throws(RedisError) {
            let value = try await self.commands.send(command, deadline: .now + self.configuration.requestTimeout)
            return ReplyReader(value, operation: operation)
        } catch {
            throw CoordinationError(error, operation: operation)
        }
    }
}

/// Whether Redis can be reached.
package enum RedisReachability: Sendable, Hashable {
    /// Requests are served by this server; it may have lost its data meanwhile.
    case reachable(server: String)
    /// There is no connection. The reason is for people.
    case unreachable(reason: String)

    init(_ state: RedisConnectionState) {
        switch state {
        case .connected(let endpoint): self = .reachable(server: "\(endpoint)")
        case .disconnected(let reason): self = .unreachable(reason: reason)
        }
    }
}
