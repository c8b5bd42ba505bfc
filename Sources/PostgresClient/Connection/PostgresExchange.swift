internal import DequeModule

/// Names one request of a connection.
struct PostgresRequestID: Hashable, Sendable {
    let rawValue: UInt64
}

/// The order of requests and answers on one connection. Pure: it holds IDs, never results or continuations.
///
/// Units travel through libpq's pipeline mode, several in flight; scripts and COPY need the connection to themselves,
/// outside of pipeline mode. This type decides what is sent next, to whom an arriving result belongs, and, when the
/// connection ends, what became of every request.
///
/// ## States
/// connecting → pipelining ⇄ exclusive → closed
///
/// - Invariant: A request that was accepted leaves exactly once: by `finished`, `dropped` or in ``connectionLost()``.
struct PostgresExchange: Sendable {
    /// Bounds on what is accepted and what is in flight.
    struct Limits: Sendable {
        var waiting = 4096
        var unitsInFlight = 256
        var bytesInFlight = 4 << 20
    }

    /// How a request uses the connection.
    enum Kind: Sendable, Hashable {
        case unit
        case exclusive
    }

    /// Whether a request was taken.
    enum Admission: Sendable, Hashable {
        case accepted, refusedFull, refusedClosed
    }

    /// What is to be written now.
    enum Directive: Sendable, Hashable {
        case sendUnit(PostgresRequestID)
        case beginExclusive(PostgresRequestID)
    }

    /// What libpq delivered.
    enum Arrival: Sendable, Hashable {
        case success, aborted, endOfAnswer, sync, copyIn, copyOut
        case failure(endsSession: Bool)
    }

    /// What an arrival means.
    enum Reaction: Sendable, Hashable {
        case keepAnswer(PostgresRequestID)
        case keepFailure(PostgresRequestID)
        case endAnswer(PostgresRequestID)
        case beginCopy(PostgresRequestID)
        case finish(PostgresRequestID)
        case ignore
        /// The server and this client no longer agree on what is being answered; the connection cannot be used.
        case violation
    }

    /// What a passed deadline (or a cancelled caller) means.
    enum Expiry: Sendable, Hashable {
        /// It had not been sent and never will be.
        case dropped
        /// It is in flight; see ``headToCancel()``.
        case inFlight
        /// It has already ended.
        case late
    }

    /// What became of a request when its connection ended.
    enum Fate: Sendable, Hashable {
        case notSent, failed, unknown
    }

    private struct Item: Sendable {
        let id: PostgresRequestID
        let kind: Kind
        let byteCount: Int
        var answersLeft = 0
        var commitsOnlyWithUnit = false
        var failure = Failure.none
        /// Whether its end never reached libpq, so that the server cannot commit it.
        var isRefused = false
        var isOverdue = false
        var isCancelled = false
    }

    private enum Failure: Sendable, Hashable {
        case none, error
        /// The session ended with the error; `isDecided` when the request cannot have been committed before.
        case fatal(isDecided: Bool)
    }

    private enum Phase: Sendable, Hashable {
        case running, copying
    }

    private enum State: Sendable {
        case connecting
        case pipelining
        case exclusive(Item, Phase)
        case closed
    }

    private let limits: Limits
    private var state = State.connecting
    private var waiting = Deque<Item>()
    private var inFlight = Deque<Item>()
    private var bytesInFlight = 0
    private var isCancelling = false
    private var sessionHasEnded = false

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Whether nothing is waiting, in flight or copying.
    var isQuiescent: Bool {
        switch self.state {
        case .connecting, .closed, .pipelining: self.waiting.isEmpty && self.inFlight.isEmpty && !self.isCancelling
        case .exclusive: false
        }
    }

    /// Whether libpq is to be asked for results.
    var expectsResult: Bool {
        switch self.state {
        case .connecting, .closed: false
        case .pipelining: !self.inFlight.isEmpty
        case .exclusive(_, let phase): phase == .running
        }
    }

    /// Whether requests are still accepted.
    var isClosed: Bool {
        switch self.state {
        case .closed: true
        case .connecting, .pipelining, .exclusive: false
        }
    }

    // MARK: Requests

    /// The login is complete and pipeline mode is on.
    mutating func connected() {
        switch self.state {
        case .connecting: self.state = .pipelining
        case .pipelining, .exclusive, .closed: break
        }
    }

    /// A caller wants something done.
    mutating func submitted(_ id: PostgresRequestID, _ kind: Kind, byteCount: Int) -> Admission {
        switch self.state {
        case .closed:
            return .refusedClosed
        case .connecting, .pipelining, .exclusive:
            guard self.waiting.count < self.limits.waiting else { return .refusedFull }
            self.waiting.append(Item(id: id, kind: kind, byteCount: byteCount))
            return .accepted
        }
    }

    /// Takes the next request that can be written now. A unit is in flight from here on.
    mutating func nextDirective() -> Directive? {
        switch self.state {
        case .connecting, .closed, .exclusive:
            return nil
        case .pipelining:
            // Nothing is sent while a cancel request is under way: it would hit whatever runs when it arrives.
            guard !self.isCancelling, let next = self.waiting.first else { return nil }
            switch next.kind {
            case .unit:
                guard self.inFlight.count < self.limits.unitsInFlight else { return nil }
                guard self.inFlight.isEmpty || self.bytesInFlight + next.byteCount <= self.limits.bytesInFlight else {
                    return nil
                }
                self.inFlight.append(self.waiting.removeFirst())
                self.bytesInFlight += next.byteCount
                return .sendUnit(next.id)
            case .exclusive:
                guard self.inFlight.isEmpty else { return nil }
                self.state = .exclusive(self.waiting.removeFirst(), .running)
                return .beginExclusive(next.id)
            }
        }
    }

    /// The unit that ``nextDirective()`` named last has been handed to libpq.
    ///
    /// - Parameters:
    ///   - answers: How many answers come before the synchronisation point.
    ///   - commitsOnlyWithUnit: Whether the server can commit nothing before it reads the end of the unit.
    mutating func unitSent(_ id: PostgresRequestID, answers: Int, commitsOnlyWithUnit: Bool) {
        guard let index = self.inFlight.lastIndex(where: { $0.id == id }) else { return }
        self.inFlight[index].answersLeft = answers
        self.inFlight[index].commitsOnlyWithUnit = commitsOnlyWithUnit
    }

    /// libpq refused a part of the unit that ``nextDirective()`` named last: the connection is unusable.
    mutating func unitRefused(_ id: PostgresRequestID) {
        guard let index = self.inFlight.lastIndex(where: { $0.id == id }) else { return }
        self.inFlight[index].isRefused = true
    }

    /// All data of a COPY have been written or read: its final answer is awaited.
    mutating func copyEnded() {
        switch self.state {
        case .exclusive(let item, .copying): self.state = .exclusive(item, .running)
        case .exclusive(_, .running), .connecting, .pipelining, .closed: break
        }
    }

    // MARK: Answers

    /// libpq delivered a result, or the end of one statement's results.
    mutating func arrived(_ arrival: Arrival) -> Reaction {
        switch self.state {
        case .connecting, .closed: .ignore
        case .pipelining: self.unitArrival(arrival)
        case .exclusive(let item, let phase): self.exclusiveArrival(arrival, item, phase)
        }
    }

    private mutating func unitArrival(_ arrival: Arrival) -> Reaction {
        guard var head = self.inFlight.first else { return .ignore }
        switch arrival {
        case .success:
            return head.answersLeft > 0 ? .keepAnswer(head.id) : .violation
        case .failure(let endsSession):
            let isFirst = head.failure == .none
            if endsSession {
                self.sessionHasEnded = true
                // Between the last answer and the synchronisation point the server commits.
                if isFirst { head.failure = .fatal(isDecided: head.commitsOnlyWithUnit && head.answersLeft > 0) }
            } else if isFirst {
                head.failure = .error
            }
            self.inFlight[0] = head
            return isFirst ? .keepFailure(head.id) : .ignore
        case .aborted:
            return .ignore
        case .endOfAnswer:
            guard head.answersLeft > 0 else { return .ignore }
            head.answersLeft -= 1
            self.inFlight[0] = head
            return .endAnswer(head.id)
        case .sync:
            guard head.answersLeft == 0 else { return .violation }
            self.inFlight.removeFirst()
            self.bytesInFlight -= head.byteCount
            return .finish(head.id)
        case .copyIn, .copyOut:
            // COPY inside a unit: libpq cannot leave that state within a pipeline.
            return .violation
        }
    }

    private mutating func exclusiveArrival(_ arrival: Arrival, _ item: Item, _ phase: Phase) -> Reaction {
        switch arrival {
        case .success:
            return .keepAnswer(item.id)
        case .failure(let endsSession):
            var item = item
            if endsSession { self.sessionHasEnded = true }
            let isFirst = item.failure == .none
            if isFirst { item.failure = endsSession ? .fatal(isDecided: false) : .error }
            self.state = .exclusive(item, phase)
            return isFirst ? .keepFailure(item.id) : .ignore
        case .copyIn, .copyOut:
            self.state = .exclusive(item, .copying)
            return .beginCopy(item.id)
        case .endOfAnswer:
            self.state = .pipelining
            return .finish(item.id)
        case .aborted, .sync:
            return .violation
        }
    }

    /// The server ended the session with a message that answers nothing in particular.
    mutating func sessionEnded() {
        self.sessionHasEnded = true
    }

    // MARK: Deadlines

    /// The deadline of a request passed, or its caller was cancelled.
    mutating func expired(_ id: PostgresRequestID) -> Expiry {
        if let index = self.waiting.firstIndex(where: { $0.id == id }) {
            self.waiting.remove(at: index)
            return .dropped
        }
        if let index = self.inFlight.firstIndex(where: { $0.id == id }) {
            self.inFlight[index].isOverdue = true
            return .inFlight
        }
        switch self.state {
        case .exclusive(var item, let phase):
            guard item.id == id else { return .late }
            item.isOverdue = true
            self.state = .exclusive(item, phase)
            return .inFlight
        case .connecting, .pipelining, .closed:
            return .late
        }
    }

    /// Takes the overdue request that the server is working on now, to ask the server to cancel it.
    ///
    /// A cancel request hits whatever runs, so only the oldest request in flight is ever cancelled, and one at a time.
    mutating func headToCancel() -> PostgresRequestID? {
        guard !self.isCancelling else { return nil }
        switch self.state {
        case .connecting, .closed:
            return nil
        case .pipelining:
            guard var head = self.inFlight.first, head.isOverdue, !head.isCancelled else { return nil }
            head.isCancelled = true
            self.inFlight[0] = head
            self.isCancelling = true
            return head.id
        case .exclusive(var item, let phase):
            guard item.isOverdue, !item.isCancelled else { return nil }
            item.isCancelled = true
            self.state = .exclusive(item, phase)
            self.isCancelling = true
            return item.id
        }
    }

    /// The cancel request has been delivered, or could not be.
    mutating func cancelFinished() {
        self.isCancelling = false
    }

    /// A delivered cancel request had no effect: it may have come before the server began with the request.
    mutating func cancelWasIgnored(_ id: PostgresRequestID) {
        if let index = self.inFlight.firstIndex(where: { $0.id == id }) { self.inFlight[index].isCancelled = false }
        switch self.state {
        case .exclusive(var item, let phase):
            if item.id == id { item.isCancelled = false }
            self.state = .exclusive(item, phase)
        case .connecting, .pipelining, .closed:
            break
        }
    }

    // MARK: The end

    /// The connection is gone: what became of every request, oldest first.
    mutating func connectionLost() -> [(id: PostgresRequestID, fate: Fate)] {
        var fates: [(id: PostgresRequestID, fate: Fate)] = []
        switch self.state {
        case .connecting, .pipelining, .closed: break
        case .exclusive(let item, _): fates.append((item.id, self.fate(of: item, isHead: true)))
        }
        for (index, item) in self.inFlight.enumerated() {
            fates.append((item.id, self.fate(of: item, isHead: index == 0)))
        }
        fates += self.waiting.map { ($0.id, .notSent) }
        self.state = .closed
        self.inFlight = []
        self.waiting = []
        self.bytesInFlight = 0
        return fates
    }

    private func fate(of item: Item, isHead: Bool) -> Fate {
        if item.isRefused, item.commitsOnlyWithUnit { return .notSent }
        return switch item.failure {
        case .error, .fatal(isDecided: true): .failed
        case .fatal(isDecided: false): .unknown
        // A server that has ended the session executes nothing that was queued behind what it was doing.
        case .none: self.sessionHasEnded && !isHead ? .notSent : .unknown
        }
    }
}
