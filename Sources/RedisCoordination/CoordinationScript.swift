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

    static let acquireSingleton = Self(LuaScripts.acquireSingleton, [.singletons, .singletonToken])
    static let renewSingleton = Self(LuaScripts.renewSingleton, [.singletons])
    static let releaseSingleton = Self(LuaScripts.releaseSingleton, [.singletons])

    /// Schedules a message.
    package static let messageSchedule = Self(
        LuaScripts.messageSchedule,
        [.messagesDue, .messageRecords, .messageStates, .messageSequence, .messageWake]
    )
    /// Gives a consumer what is due.
    package static let messageTake = Self(
        LuaScripts.messageTake,
        [.messagesDue, .messageRecords, .messageStates, .messageStream, .messagesEnded, .messagesLive]
    )
    /// Tells what became of a delivery.
    package static let messageSettle = Self(
        LuaScripts.messageSettle,
        [.messagesDue, .messageRecords, .messageStates, .messageStream, .messagesEnded, .messagesLive, .messageWake]
    )
    /// Renews the lease of deliveries.
    package static let messageRenew = Self(
        LuaScripts.messageRenew,
        [.messagesDue, .messageRecords, .messageStates, .messageStream, .messageWake]
    )
    /// Cancels a message.
    package static let messageCancel = Self(
        LuaScripts.messageCancel,
        [.messagesDue, .messageRecords, .messageStates, .messageStream, .messagesEnded, .messagesLive]
    )
    /// Schedules occurrences of a recurrence.
    package static let messageAdvance = Self(
        LuaScripts.messageAdvance,
        [.messagesDue, .messageRecords, .messageStates, .messageSequence, .messagesEnded, .messagesLive, .messageWake]
    )
    /// Reads messages, page by page.
    package static let messageList = Self(LuaScripts.messageList, [.messageRecords, .messageStates])

    /// The scripts of the message scheduler.
    package static let messages: [CoordinationScript] = [
        .messageSchedule, .messageTake, .messageSettle, .messageRenew, .messageCancel, .messageAdvance, .messageList,
    ]

    /// The scripts of the coordination store.
    static let coordination: [CoordinationScript] = [
        .register, .heartbeat, .deregister, .setState,
        .acquireLeadership, .renewLeadership, .resignLeadership,
        .publishTenants, .applyPlan,
        .acquireLock, .releaseLock, .reportReady, .passLock,
        .readState, .readAssignment, .submitRequest,
        .acquireSingleton, .renewSingleton, .releaseSingleton,
    ]

    /// Every script.
    package static let all: [CoordinationScript] = Self.coordination + Self.messages
}
