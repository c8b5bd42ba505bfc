/// What a connection is wanted for, which decides what share of a server's budget it may use.
package enum PostgresPurpose: Sendable, Hashable, CaseIterable {
    /// Connecting to and migrating a tenant, taking ownership. Has a reserved share.
    case opening
    /// Finding, claiming and completing work. Has a reserved share.
    case claiming
    /// Handlers and sinks that use the tenant's database: may be slow.
    case handlers
    /// Everything that can wait: retention, statistics, sweeps.
    case housekeeping
}

/// How many connections there may be, and for how long they are kept.
package struct PoolLimits: Sendable, Hashable {
    /// Connections to one server (host and port), of all kinds. Default: 20, at least 1.
    package var perServer: Int
    /// Connections to one database. Default: 4, at least 1.
    package var perDatabase: Int
    /// Of a server's budget, what only ``PostgresPurpose/opening`` may use. Default: a tenth.
    package var reservedForOpening: Int
    /// Of a server's budget, what only ``PostgresPurpose/claiming`` may use. Default: a fifth.
    package var reservedForClaiming: Int
    /// How long a connection that nobody uses is kept. Default: 10 s.
    package var idlePeriod: Duration
    /// How long after a listening connection had to give way another one is opened unasked. Default: 1 s.
    package var listenPause: Duration
    /// Callers that may wait for one server; more are refused. Default: 4,096.
    package var waiting: Int

    /// Creates limits.
    ///
    /// - Precondition: The budgets are positive, and the reserved shares leave at least one connection.
    package init(
        perServer: Int = 20,
        perDatabase: Int = 4,
        reservedForOpening: Int? = nil,
        reservedForClaiming: Int? = nil,
        idlePeriod: Duration = .seconds(10),
        listenPause: Duration = .seconds(1),
        waiting: Int = 4096
    ) {
        // A server with a handful of connections cannot set aside shares for everybody.
        let share = { (part: Int) in perServer < 4 ? 0 : max(1, perServer / part) }
        self.perServer = perServer
        self.perDatabase = perDatabase
        self.reservedForOpening = reservedForOpening ?? share(10)
        self.reservedForClaiming = reservedForClaiming ?? share(5)
        self.idlePeriod = idlePeriod
        self.listenPause = listenPause
        self.waiting = waiting
        precondition(perServer >= 1 && perDatabase >= 1, "a budget of connections is at least 1")
        precondition(
            self.reservedForOpening + self.reservedForClaiming < perServer,
            "reserved shares leave at least one connection"
        )
    }

    func reserved(for purpose: PostgresPurpose) -> Int {
        switch purpose {
        case .opening: self.reservedForOpening
        case .claiming: self.reservedForClaiming
        case .handlers, .housekeeping: 0
        }
    }
}
