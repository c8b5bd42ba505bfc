package import RedisClient

/// A script of this module with the keys that it declares, in the order of its header.
package struct CoordinationScript: Sendable {
    /// The script as the client runs it.
    package let script: RedisScript
    /// What its `KEYS` are.
    package let keys: [Keyspace.Key]

    private init(_ lua: LuaScript, _ keys: [Keyspace.Key]) {
        self.script = RedisScript(name: lua.name, source: lua.source, keys: keys.map(\.rawValue))
        self.keys = keys
    }

    static let register = Self(
        LuaScripts.register,
        [.nodes, .heartbeats, .loads, .moves, .generation, .ownersVersion, .wake]
    )
    static let heartbeat = Self(
        LuaScripts.heartbeat,
        [.nodes, .heartbeats, .loads, .ownersVersion, .leader, .term, .generation, .locks]
    )
    static let deregister = Self(
        LuaScripts.deregister,
        [.nodes, .heartbeats, .loads, .moves, .epochs, .ownersVersion, .wake, .locks]
    )
    static let setState = Self(LuaScripts.setState, [.nodes, .ownersVersion, .wake])

    static let acquireLeadership = Self(LuaScripts.acquireLeadership, [.leader, .term])
    static let renewLeadership = Self(LuaScripts.renewLeadership, [.leader])
    static let resignLeadership = Self(LuaScripts.resignLeadership, [.leader, .wake])

    static let publishTenants = Self(
        LuaScripts.publishTenants,
        [.leader, .tenants, .owners, .moves, .unassigned, .ownersVersion, .wake]
    )
    static let applyPlan = Self(
        LuaScripts.applyPlan,
        [
            .leader, .nodes, .heartbeats, .loads, .owners, .moves, .unassigned, .requests, .ownersVersion, .wake,
        ]
    )

    static let acquireLock = Self(
        LuaScripts.acquireLock,
        [.nodes, .owners, .unassigned, .epochs, .ownersVersion, .locks]
    )
    static let releaseLock = Self(LuaScripts.releaseLock, [.locks, .wake])
    static let reportReady = Self(LuaScripts.reportReady, [.nodes, .moves, .ownersVersion, .wake])
    static let passLock = Self(
        LuaScripts.passLock,
        [.nodes, .owners, .moves, .epochs, .ownersVersion, .wake, .locks]
    )

    static let readState = Self(
        LuaScripts.readState,
        [
            .nodes, .heartbeats, .loads, .tenants, .owners, .ownersVersion, .epochs, .moves, .unassigned, .requests,
            .leader, .term, .generation, .locks,
        ]
    )
    static let readAssignment = Self(
        LuaScripts.readAssignment,
        [.nodes, .tenants, .owners, .moves, .ownersVersion, .generation, .locks]
    )
    static let submitRequest = Self(LuaScripts.submitRequest, [.requests, .wake])

    /// Every script.
    package static let all: [CoordinationScript] = [
        .register, .heartbeat, .deregister, .setState,
        .acquireLeadership, .renewLeadership, .resignLeadership,
        .publishTenants, .applyPlan,
        .acquireLock, .releaseLock, .reportReady, .passLock,
        .readState, .readAssignment, .submitRequest,
    ]
}
