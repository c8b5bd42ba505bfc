internal import OrderedCollections

/// The connections of one process to one server, at one moment.
package struct PoolStatistics: Sendable, Hashable {
    /// The server, as in ``PostgresTarget/serverKey``.
    package let server: String
    /// How many connections there may be.
    package let budget: Int
    /// Connections that are being opened.
    package internal(set) var opening = 0
    /// Connections that callers have.
    package internal(set) var leased = 0
    /// Connections that nobody has.
    package internal(set) var idle = 0
    /// Connections whose end the server has not confirmed.
    package internal(set) var closing = 0
    /// Connections that also listen.
    package internal(set) var listening = 0
    /// Callers that wait.
    package internal(set) var waiting = 0
    /// Connections opened so far.
    package internal(set) var openedCount = 0
    /// Idle connections closed to make room for another database so far.
    package internal(set) var evictedCount = 0
    /// Connections that could not be opened so far.
    package internal(set) var failedCount = 0

    /// All that the server may count.
    package var total: Int { self.opening + self.leased + self.idle + self.closing }
}

extension PoolMachine {
    /// The numbers of each server that has any, by its name.
    var statistics: [PoolStatistics] {
        self.servers.map { key, server in
            var numbers = PoolStatistics(server: key, budget: self.limits.perServer)
            numbers.waiting = server.waiters.count
            numbers.openedCount = server.opened
            numbers.evictedCount = server.evicted
            numbers.failedCount = server.failed
            for connection in server.connections.values {
                switch connection.state {
                case .opening: numbers.opening += 1
                case .leased: numbers.leased += 1
                case .idle: numbers.idle += 1
                case .closing: numbers.closing += 1
                }
                if connection.isListening { numbers.listening += 1 }
            }
            return numbers
        }
        .sorted { $0.server < $1.server }
    }
}
