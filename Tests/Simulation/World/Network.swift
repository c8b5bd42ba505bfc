import TenureCore

/// What processes talk to.
package enum Server: Hashable, Sendable, Comparable {
    case redis
    /// By number: tenants share a few of them.
    case postgres(Int)
}

/// How often single messages go wrong, as probabilities.
package struct MessageFaults: Sendable, Hashable {
    package var lostRequest = 0.0
    package var lostReply = 0.0
    /// Arrives after its sender has given up, or nearly.
    package var lateRequest = 0.0
    package var lateReply = 0.0
    /// Arrives twice.
    package var repeated = 0.0
    package var lostHint = 0.0

    package static let none = MessageFaults()

    var isNone: Bool { self == .none }
}

/// What came of a request.
enum Delivery<Reply: Sendable>: Sendable {
    case replied(Reply)
    /// The sender knows that it was not sent.
    case unavailable
    /// It may have been executed.
    case unknown
}

/// Carries requests to the servers and replies back, and loses, delays and repeats them.
///
/// Requests of one process to one server arrive in order, as over one connection; those that are late belong to a
/// connection that their sender has given up, and may arrive after later ones.
final class Network: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    /// Which way between a process and a server is cut.
    struct Cut: OptionSet {
        let rawValue: Int
        static let requests = Cut(rawValue: 1)
        static let replies = Cut(rawValue: 2)
        static let both: Cut = [.requests, .replies]
    }

    private struct Link: Hashable {
        let node: Int
        let server: Server
    }

    struct Condition {
        var isDown = false
        /// Added to each request.
        var slowness = Duration.zero
        /// Counts restarts: what was on its way belongs to a connection that is gone.
        var session = 0
    }

    let loop: SimulationLoop
    let pool: SimulatedPool
    var faults: MessageFaults
    var count: FaultCount
    private var dice: Dice
    private var cuts: [Link: Cut] = [:]
    private var lastArrival: [Link: MonotonicInstant] = [:]
    private(set) var conditions: [Server: Condition] = [:]

    init(_ loop: SimulationLoop, pool: SimulatedPool, seed: UInt64, faults: MessageFaults) {
        self.loop = loop
        self.pool = pool
        self.faults = faults
        self.count = FaultCount()
        self.dice = Dice(seed, "network")
    }

    // MARK: Faults that last

    func cut(_ node: Int, from server: Server, _ cut: Cut) { self.cuts[Link(node: node, server: server)] = cut }

    func mend(_ node: Int, to server: Server) { self.cuts[Link(node: node, server: server)] = nil }

    func mendAll() {
        self.cuts = [:]
        self.faults = .none
        for server in self.conditions.keys {
            self.conditions[server]?.isDown = false
            self.conditions[server]?.slowness = .zero
        }
    }

    func change(_ server: Server, _ body: (inout Condition) -> Void) {
        body(&self.conditions[server, default: Condition()])
    }

    func isReachable(_ server: Server, from node: Int) -> Bool {
        self.conditions[server]?.isDown != true && self.cuts[Link(node: node, server: server)] == nil
    }

    // MARK: Requests

    /// One request and its reply.
    ///
    /// - Parameters:
    ///   - process: Who sends it. A process that has crashed sends nothing and gets no reply.
    ///   - tenant: Whose database it is, for the trace.
    ///   - timeout: After which the sender gives up.
    ///   - execute: What the server does, once for each arrival.
    func call<Reply: Sendable>(
        from process: SimulatedProcess,
        to server: Server,
        _ operation: StaticString,
        about tenant: TenantID? = nil,
        timeout: Duration,
        _ execute: @escaping @Sendable () async -> Reply
    ) async -> Delivery<Reply> {
        guard !process.isDead else { return .unavailable }
        return await withUnsafeContinuation { continuation in
            let call = Call(continuation, process, tenant)
            self.send(call, server, operation, timeout, execute)
        }
    }

    private func send<Reply: Sendable>(
        _ call: Call<Reply>,
        _ server: Server,
        _ operation: StaticString,
        _ timeout: Duration,
        _ execute: @escaping @Sendable () async -> Reply
    ) {
        let link = Link(node: call.process.node, server: server)
        let condition = self.conditions[server] ?? Condition()
        guard !condition.isDown else {
            self.count.add(.refusedRequest)
            self.loop.after(.milliseconds(1)) { call.end(.unavailable) }
            return
        }
        call.timer = self.loop.after(timeout) { call.end(.unknown) }
        if self.cuts[link]?.contains(.requests) == true {
            self.count.add(.cutRequest)
            return
        }
        if self.dice.happens(self.faults.lostRequest) {
            self.count.add(.lostRequest)
            return self.loop.note("request lost", link.node, "\(operation) of \(call)")
        }
        var delay = self.latency() + condition.slowness
        var isLate = false
        if self.dice.happens(self.faults.lateRequest) {
            self.count.add(.lateRequest)
            isLate = true
            delay += self.dice.milliseconds(100...4000)
            self.loop.note("request late", link.node, "\(operation) of \(call) by \(delay)")
        }
        var arrival = self.loop.now.advanced(by: delay)
        if !isLate {
            arrival = max(arrival, self.lastArrival[link] ?? .zero)
            self.lastArrival[link] = arrival
        }
        self.deliver(call, link, condition.session, operation, at: arrival, execute)
        // A client of Postgres asks what became of a transaction, and never sends it again by itself.
        if server == .redis, self.dice.happens(self.faults.repeated) {
            self.count.add(.repeatedRequest)
            let again = arrival.advanced(by: self.dice.milliseconds(1...3000))
            self.loop.note("request repeated", link.node, "\(operation) of \(call)")
            self.deliver(call, link, condition.session, operation, at: again, execute)
        }
    }

    private func deliver<Reply: Sendable>(
        _ call: Call<Reply>,
        _ link: Link,
        _ session: Int,
        _ operation: StaticString,
        at arrival: MonotonicInstant,
        _ execute: @escaping @Sendable () async -> Reply
    ) {
        self.loop.at(arrival) {
            let condition = self.conditions[link.server] ?? Condition()
            guard !condition.isDown, condition.session == session else {
                self.count.add(.resetConnection)
                return call.end(.unknown)
            }
            Task(executorPreference: self.pool) {
                let reply = await execute()
                self.loop.note("executed", link.node, "\(operation) of \(call) -> \("\(reply)".prefix(1000))")
                self.answer(call, link, operation, reply)
            }
        }
    }

    private func answer<Reply: Sendable>(
        _ call: Call<Reply>,
        _ link: Link,
        _ operation: StaticString,
        _ reply: Reply
    ) {
        guard !call.hasEnded else { return }
        if self.cuts[link]?.contains(.replies) == true {
            self.count.add(.cutReply)
            return
        }
        if self.dice.happens(self.faults.lostReply) {
            self.count.add(.lostReply)
            return self.loop.note("reply lost", link.node, "\(operation) of \(call)")
        }
        var delay = self.latency()
        if self.dice.happens(self.faults.lateReply) {
            self.count.add(.lateReply)
            delay += self.dice.milliseconds(100...4000)
            self.loop.note("reply late", link.node, "\(operation) of \(call) by \(delay)")
        }
        self.loop.after(delay) { call.end(.replied(reply)) }
    }

    /// Most messages are quick, some are not.
    private func latency() -> Duration {
        .microseconds(self.dice.happens(0.02) ? self.dice.number(1000...60_000) : self.dice.number(50...900))
    }

    // MARK: Hints

    /// How long a hint takes to a process; `nil` if it is lost.
    func hintDelay(to node: Int, from server: Server) -> Duration? {
        guard self.isReachable(server, from: node) else { return nil }
        if self.dice.happens(self.faults.lostHint) {
            self.count.add(.lostHint)
            return nil
        }
        return self.latency()
    }
}

/// A request that waits for its end: a reply, the timeout, or the end of the process.
final class Call<Reply: Sendable>: PendingCall, CustomStringConvertible, @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    let process: SimulatedProcess
    let tenant: TenantID?
    var timer: SimulationLoop.TimerID?
    private var continuation: UnsafeContinuation<Delivery<Reply>, Never>?

    init(_ continuation: UnsafeContinuation<Delivery<Reply>, Never>, _ process: SimulatedProcess, _ tenant: TenantID?) {
        self.continuation = continuation
        self.process = process
        self.tenant = tenant
        super.init()
        process.add(self)
    }

    var description: String { "\(self.process)\(self.tenant.map { " for \($0)" } ?? "")" }

    var hasEnded: Bool { self.continuation == nil }

    func end(_ delivery: Delivery<Reply>) {
        guard let continuation = self.continuation else { return }
        self.continuation = nil
        if let timer { self.process.loop.cancel(timer) }
        self.process.remove(self)
        continuation.resume(returning: delivery)
    }

    override func abandon() { self.end(.unavailable) }
}

/// A request of any kind.
class PendingCall {
    var number: UInt64 = 0

    /// The process that waits has crashed.
    func abandon() {}
}
