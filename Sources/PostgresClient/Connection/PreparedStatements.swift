/// Which statements one connection has prepared, and under which names. Pure.
///
/// The server keeps a prepared statement until the session ends, also if the transaction that prepared it fails. While
/// the answer to a preparation is outstanding only the same request relies on it: should it fail, others are unharmed.
struct PreparedStatements: Sendable {
    /// How to run a statement.
    enum Use: Sendable, Hashable {
        case execute(serverName: String)
        case prepareAndExecute(serverName: String)
        case parseEachTime
    }

    private struct Entry: Sendable {
        let serverName: String
        let sql: String
        let types: [PostgresType]
        /// The request whose answer will tell whether the preparation worked; `nil` once it did.
        var preparing: PostgresRequestID?
        var lastUse: UInt64
    }

    private var entries: [String: Entry] = [:]
    private var namesGiven: UInt64 = 0
    private var uses: UInt64 = 0
    private let capacity: Int

    /// Creates an empty table.
    ///
    /// - Parameter capacity: How many statements to keep; the least recently used is given up for a new one.
    init(capacity: Int = 512) {
        self.capacity = capacity
    }

    var count: Int { self.entries.count }

    /// Decides how a request runs a statement.
    ///
    /// - Returns: The way, and the server's name of a statement to deallocate first, if one had to give way.
    mutating func use(
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue],
        by request: PostgresRequestID
    ) -> (use: Use, evicted: String?) {
        guard !statement.name.isEmpty else { return (.parseEachTime, nil) }
        self.uses += 1
        if let entry = self.entries[statement.name] {
            guard entry.sql == statement.sql, entry.types.elementsEqual(parameters.lazy.map(\.type)) else {
                return (.parseEachTime, nil)
            }
            guard entry.preparing == nil || entry.preparing == request else { return (.parseEachTime, nil) }
            self.entries[statement.name]?.lastUse = self.uses
            return (.execute(serverName: entry.serverName), nil)
        }
        var evicted: String?
        if self.entries.count >= self.capacity {
            guard let name = self.leastRecentlyUsed() else { return (.parseEachTime, nil) }
            evicted = self.entries.removeValue(forKey: name)?.serverName
        }
        self.namesGiven += 1
        // The server cuts names at 63 bytes; the number keeps them apart.
        let serverName = "\(statement.name.prefix(40))#\(self.namesGiven)"
        self.entries[statement.name] = Entry(
            serverName: serverName,
            sql: statement.sql,
            types: parameters.map(\.type),
            preparing: request,
            lastUse: self.uses
        )
        return (.prepareAndExecute(serverName: serverName), evicted)
    }

    /// The server prepared a statement.
    mutating func prepared(_ name: String) {
        self.entries[name]?.preparing = nil
    }

    /// A request ended: what it has not prepared by now was not prepared.
    mutating func ended(_ request: PostgresRequestID, names: [String]) {
        for name in names where self.entries[name]?.preparing == request {
            self.entries[name] = nil
        }
    }

    /// A prepared statement can no longer be used (its tables changed, or the server forgot it).
    ///
    /// - Returns: The server's name, to be deallocated.
    mutating func forget(_ name: String) -> String? {
        self.entries.removeValue(forKey: name)?.serverName
    }

    private func leastRecentlyUsed() -> String? {
        self.entries.lazy.filter { $0.value.preparing == nil }.min { $0.value.lastUse < $1.value.lastUse }?.key
    }
}
