internal import RedisClient
internal import TenureCore

/// Reads what a script returned.
///
/// The form of a reply is fixed by the script: another form is an error. The content of an entry may have been written
/// by somebody else: one that cannot be read is left out.
struct ReplyReader {
    let value: RedisValue
    let operation: String

    init(_ value: RedisValue, operation: String) {
        self.value = value
        self.operation = operation
    }

    /// An element of an array.
    subscript(_ index: Int) -> ReplyReader {
        ReplyReader(self.value[index], operation: self.operation)
    }

    // MARK: The form

    /// A script's small result code.
    func code() throws(CoordinationError) -> Int {
        guard let code = self.value.integer else { throw self.malformed() }
        return code
    }

    /// Whether the result code is 1; any other but 0 is an error.
    func flag() throws(CoordinationError) -> Bool {
        switch try self.code() {
        case 0: return false
        case 1: return true
        default: throw self.malformed()
        }
    }

    /// A number that must be there.
    func number() throws(CoordinationError) -> Int64 {
        guard let number = self.value.integer else { throw self.malformed() }
        return Int64(number)
    }

    /// A counter; one that is no number counts as none.
    func counter() -> Int64 { self.value.integer.map(Int64.init) ?? 0 }

    /// A text that must be there.
    func text() throws(CoordinationError) -> String {
        guard let text = self.value.string else { throw self.malformed() }
        return text
    }

    /// The elements of an array that must be there.
    func elements() throws(CoordinationError) -> [RedisValue] {
        guard let elements = self.value.array else { throw self.malformed() }
        return elements
    }

    /// A hash's fields and values.
    func pairs() throws(CoordinationError) -> [(name: String, value: RedisValue)] {
        guard let pairs = self.value.pairs else { throw self.malformed() }
        return pairs
    }

    func malformed() -> CoordinationError {
        CoordinationError(.malformedReply, operation: self.operation)
    }

    // MARK: The content

    /// A hash by tenant, leaving out what is not a tenant or has no readable value.
    func byTenant<Value>(_ read: (RedisValue) -> Value?) throws(CoordinationError) -> [TenantID: Value] {
        var result: [TenantID: Value] = [:]
        for (name, value) in try self.pairs() {
            guard let tenant = Names.tenant(name), let value = read(value) else { continue }
            result[tenant] = value
        }
        return result
    }

    /// A hash by node, leaving out what is not a node or has no readable value.
    func byNode<Value>(_ read: (RedisValue) -> Value?) throws(CoordinationError) -> [NodeID: Value] {
        var result: [NodeID: Value] = [:]
        for (name, value) in try self.pairs() {
            guard let node = Names.node(name), let value = read(value) else { continue }
            result[node] = value
        }
        return result
    }

    /// The moves by tenant; an entry must name its own tenant.
    func moves() throws(CoordinationError) -> [TenantID: PlannedMove] {
        try self.byTenant { $0.bytes.flatMap { JSONText.decode($0) } as PlannedMove? }
            .filter { $0.key == $0.value.tenant }
    }

    /// A leadership with what is left of it.
    static func leadership(_ value: RedisValue, remaining: RedisValue) -> Leadership? {
        guard let (holder, number) = Names.holding(value.string) else { return nil }
        return Leadership(holder: holder, term: Term(number), remaining: Self.remaining(remaining))
    }

    /// A lock with what is left of it.
    static func lock(_ value: RedisValue, remaining: RedisValue) -> TenantLock? {
        guard let (holder, number) = Names.holding(value.string) else { return nil }
        return TenantLock(holder: holder, epoch: Epoch(number), remaining: Self.remaining(remaining))
    }

    private static func remaining(_ value: RedisValue) -> Duration {
        .milliseconds(max(0, value.integer ?? 0))
    }
}
