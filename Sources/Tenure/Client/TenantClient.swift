internal import Foundation

/// One tenant's schema as its users see it: enqueue, schedule, cancel, and look. Got from a ``TenantRouter``.
///
/// Each call is one transaction in the tenant's database; what it returned from is committed. To enqueue inside of a
/// transaction of your own, call the schema's SQL functions there.
///
/// Every method throws ``RequestRefused`` for wrong arguments and for what does not exist, and ``StoreError`` when the
/// database cannot be used. After ``StoreError/Code/outcomeUnknown`` it may have happened: repeat a call that has a
/// ``WorkOptions/uniqueKey``, or look.
public struct TenantClient: Sendable {
    /// Whose schema it is.
    public let tenant: TenantID

    let backend: any TenantBackend
    private let hints: HintSender?

    init(tenant: TenantID, backend: any TenantBackend, hints: HintSender?) {
        self.tenant = tenant
        self.backend = backend
        self.hints = hints
    }

    /// Creates the schema, or brings it up to date. A node does so by itself before it first claims work.
    ///
    /// - Returns: The numbers of the migrations that were applied.
    @discardableResult
    public func migrate() async throws -> [Int] {
        try await self.backend.migrate()
    }

    // MARK: Work

    /// Enqueues a message.
    ///
    /// - Parameters:
    ///   - topic: Decides about the handler: 1 to 200 printable ASCII characters without spaces.
    ///   - payload: JSON text.
    ///   - due: When it is due. Default at once.
    ///   - options: Keys, priority, retries.
    /// - Returns: The ID of the work and of its run; that of the present one if the unique key is taken.
    @discardableResult
    public func enqueue(
        _ topic: String,
        payload: String = "{}",
        due: WorkDue = .now,
        options: WorkOptions = WorkOptions()
    ) async throws -> WorkID {
        try await self.add(.outbox, topic, payload, due, options)
    }

    /// Enqueues a message whose payload is encoded as JSON.
    @discardableResult
    public func enqueue(
        _ topic: String,
        payload: some Encodable,
        due: WorkDue = .now,
        options: WorkOptions = WorkOptions()
    ) async throws -> WorkID {
        try await self.add(.outbox, topic, Self.json(payload), due, options)
    }

    /// Schedules one-shot work after a delay, counted by the tenant's database.
    @discardableResult
    public func schedule(
        _ topic: String,
        after delay: Duration,
        payload: String = "{}",
        options: WorkOptions = WorkOptions()
    ) async throws -> WorkID {
        try await self.add(.timer, topic, payload, .after(delay), options)
    }

    /// Schedules one-shot work after a delay, with a payload that is encoded as JSON.
    @discardableResult
    public func schedule(
        _ topic: String,
        after delay: Duration,
        payload: some Encodable,
        options: WorkOptions = WorkOptions()
    ) async throws -> WorkID {
        try await self.add(.timer, topic, Self.json(payload), .after(delay), options)
    }

    /// Schedules one-shot work at an instant; one that has passed means now.
    @discardableResult
    public func schedule(
        _ topic: String,
        at instant: ServerTime,
        payload: String = "{}",
        options: WorkOptions = WorkOptions()
    ) async throws -> WorkID {
        try await self.add(.timer, topic, payload, .at(instant), options)
    }

    /// Schedules one-shot work at an instant, with a payload that is encoded as JSON.
    @discardableResult
    public func schedule(
        _ topic: String,
        at instant: ServerTime,
        payload: some Encodable,
        options: WorkOptions = WorkOptions()
    ) async throws -> WorkID {
        try await self.add(.timer, topic, Self.json(payload), .at(instant), options)
    }

    /// Takes in a message from outside, once for each source and message ID.
    ///
    /// - Parameter ifChanged: What happens to a known message whose payload is another than before. Default: the call
    ///   is refused.
    /// - Returns: Its ID; `nil` if this message was seen before.
    @discardableResult
    public func receive(
        source: String,
        messageID: String,
        topic: String,
        payload: String = "{}",
        due: WorkDue = .now,
        options: WorkOptions = WorkOptions(),
        ifChanged: ChangedMessage = .error
    ) async throws -> WorkID? {
        let id = try await self.backend.receive(
            source: source,
            messageID: messageID,
            topic: topic,
            payload: payload,
            due: due,
            options: options,
            ifChanged: ifChanged
        )
        if id != nil { self.hints?.send(self.tenant) }
        return id
    }

    /// Cancels a timer that has not started.
    ///
    /// - Returns: Whether it will not run. False if it is running, has ended, or there is no such timer.
    public func cancelTimer(_ id: WorkID) async throws -> Bool {
        try await self.backend.cancel(id, kinds: [.timer])
    }

    /// Cancels work of any kind that has not started.
    ///
    /// - Returns: Whether it will not run. False if it is running, has ended, or does not exist.
    public func cancel(_ id: WorkID) async throws -> Bool {
        try await self.backend.cancel(id, kinds: WorkKind.allCases)
    }

    private func add(
        _ kind: WorkKind,
        _ topic: String,
        _ payload: String,
        _ due: WorkDue,
        _ options: WorkOptions
    ) async throws -> WorkID {
        let id = try await self.backend.add(kind, topic: topic, payload: payload, due: due, options: options)
        self.hints?.send(self.tenant)
        return id
    }

    /// Tells the owner, if it holds no connection, that something changed.
    func hint() {
        self.hints?.send(self.tenant)
    }

    private static func json(_ payload: some Encodable) throws -> String {
        do {
            return String(decoding: try JSONEncoder().encode(payload), as: UTF8.self)
        } catch {
            throw RequestRefused(
                message: "the payload of type \(type(of: payload)) cannot be written as JSON",
                hint: "\(error)",
                isNotFound: false
            )
        }
    }
}
