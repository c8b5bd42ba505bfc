internal import IOReactor
internal import PostgresClient
internal import Synchronization

/// Connections to Postgres on a reactor of their own, for what is no node's work: looking for tenants, enqueuing.
///
/// Nothing is started before the first use.
final class PostgresAccess: Sendable {
    private enum State {
        case unused
        case open(IOReactor, PostgresPools)
        case closed
    }

    private let name: String
    private let perServer: Int
    private let state = Mutex(State.unused)

    /// - Parameters:
    ///   - name: What `pg_stat_activity` shows, after `tenure`.
    ///   - perServer: Connections to one server, and to one database.
    init(name: String, perServer: Int) {
        self.name = name
        self.perServer = perServer
    }

    /// The pools, which are made at the first call.
    ///
    /// - Throws: `PostgresError` with `.rejected` after ``close()``.
    func pools() throws(PostgresError) -> PostgresPools {
        let pools = self.state.withLock { state -> PostgresPools? in
            switch state {
            case .open(_, let pools): return pools
            case .closed: return nil
            case .unused:
                let reactor = IOReactor(name: "tenure-\(self.name)")
                let pools = PostgresPools(
                    reactor: reactor,
                    session: PostgresSession(applicationName: "tenure \(self.name)"),
                    limits: PoolLimits(
                        perServer: self.perServer,
                        perDatabase: self.perServer,
                        reservedForOpening: 0,
                        reservedForClaiming: 0
                    )
                )
                state = .open(reactor, pools)
                return pools
            }
        }
        guard let pools else {
            throw PostgresError(.rejected, .notSent, operation: "connect", message: "\(self.name) was closed")
        }
        return pools
    }

    /// Closes every connection, and refuses further use.
    func close() async {
        let before = self.state.withLock { state in
            defer { state = .closed }
            return state
        }
        guard case .open(let reactor, let pools) = before else { return }
        await pools.close()
        reactor.shutdown()
    }
}
