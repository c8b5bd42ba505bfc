internal import DequeModule

/// The order of requests on one connection, and what is known about each of them. Pure.
///
/// Redis answers in the order of the requests, so a reply belongs to the oldest request that was sent. A request whose
/// caller has gone stays in its place, and its reply is dropped.
///
/// ## States of a request
/// queued → buffered → written → answered. It was certainly not executed until its last byte is written, and may be
/// withdrawn without a trace while it is queued.
///
/// - Complexity: O(1) for each event, O(n) for deadlines and loss of the connection.
package struct RedisPipeline<Waiter> {
    /// What a connection takes before it refuses more.
    package struct Limits: Sendable, Hashable {
        /// Requests without a reply.
        package var requests: Int
        /// Bytes of the arguments of requests without a reply; a single larger request passes.
        package var bytes: Int

        /// Creates limits.
        package init(requests: Int, bytes: Int) {
            self.requests = requests
            self.bytes = bytes
        }
    }

    /// Names a request of this connection. Numbers grow in the order of the requests.
    package struct RequestID: Hashable, Comparable, Sendable {
        let number: UInt64

        package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
    }

    /// What is known about a request that ends without a reply.
    package enum Fate: Equatable, Sendable {
        /// It was certainly not executed.
        case notSent
        /// It may have been executed.
        case unknown
    }

    /// What to do with a reply.
    package enum Reply {
        /// It is for this one.
        case deliver(Waiter)
        /// Nobody waits for it any more.
        case drop
        /// No request is without its reply: the stream is out of step.
        case unexpected
    }

    private struct Queued {
        let id: RequestID
        let deadline: ContinuousClock.Instant
        var request: (command: RedisCommand, waiter: Waiter?)?
    }

    private struct Sent {
        let id: RequestID
        let deadline: ContinuousClock.Instant
        let byteCount: Int
        /// The position of the request's last byte in the stream of this connection.
        var end: UInt64
        var waiter: Waiter?
        var isOverdue = false
    }

    private let limits: Limits
    private var queue = Deque<Queued>()
    private var sent = Deque<Sent>()
    private var nextNumber: UInt64 = 0
    private var byteCount = 0
    private var overdueCount = 0
    private var writtenEnd: UInt64 = 0

    /// Creates an empty pipeline.
    package init(limits: Limits) {
        self.limits = limits
    }

    /// Whether a request waits to be buffered.
    package var hasQueued: Bool { !self.queue.isEmpty }

    /// Whether a reply is due, also one that nobody waits for any more.
    package var isAwaitingReply: Bool { !self.sent.isEmpty }

    /// Whether a request that was sent has passed its deadline and is still without its reply.
    package var isOverdue: Bool { self.overdueCount > 0 }

    /// Takes a request in; `nil` if the limits are reached. Without a waiter, its reply is dropped.
    package mutating func admit(
        _ command: RedisCommand,
        deadline: ContinuousClock.Instant,
        waiter: Waiter?
    ) -> RequestID? {
        guard self.queue.count + self.sent.count < self.limits.requests,
            self.byteCount + command.byteCount <= self.limits.bytes || self.byteCount == 0
        else { return nil }
        self.nextNumber += 1
        let id = RequestID(number: self.nextNumber)
        self.byteCount += command.byteCount
        self.queue.append(Queued(id: id, deadline: deadline, request: (command, waiter)))
        return id
    }

    /// Moves the oldest queued request to the output buffer; `nil` if there is none.
    ///
    /// - Parameter encode: Adds the command to the buffer and returns the position of its last byte.
    package mutating func bufferNext(_ encode: (RedisCommand) -> UInt64) -> Bool {
        while let next = self.queue.popFirst() {
            guard let request = next.request else { continue }
            let end = encode(request.command)
            self.sent.append(
                Sent(
                    id: next.id,
                    deadline: next.deadline,
                    byteCount: request.command.byteCount,
                    end: end,
                    waiter: request.waiter
                )
            )
            return true
        }
        return false
    }

    /// The kernel took the stream up to a position.
    package mutating func wrote(upTo position: UInt64) {
        self.writtenEnd = position
    }

    /// A reply came in.
    package mutating func replyArrived() -> Reply {
        guard let oldest = self.sent.popFirst() else { return .unexpected }
        self.byteCount -= oldest.byteCount
        if oldest.isOverdue { self.overdueCount -= 1 }
        guard let waiter = oldest.waiter else { return .drop }
        return .deliver(waiter)
    }

    /// A caller does not wait any more; `nil` if its request has already ended.
    package mutating func withdrawn(_ id: RequestID) -> (waiter: Waiter, fate: Fate)? {
        if let index = self.sent.firstIndex(of: id, by: \.id) {
            guard let waiter = self.sent[index].waiter.take() else { return nil }
            return (waiter, .unknown)
        }
        guard let index = self.queue.firstIndex(of: id, by: \.id),
            let (command, waiter) = self.queue[index].request, let waiter
        else { return nil }
        self.withdrawQueued(at: index, command)
        return (waiter, .notSent)
    }

    /// Ends the requests whose deadline is not after `now`, in their order.
    package mutating func deadlinesPassed(at now: ContinuousClock.Instant) -> [(waiter: Waiter, fate: Fate)] {
        var ended: [(waiter: Waiter, fate: Fate)] = []
        for index in self.sent.indices where self.sent[index].deadline <= now {
            guard let waiter = self.sent[index].waiter.take() else { continue }
            self.sent[index].isOverdue = true
            self.overdueCount += 1
            // A buffered request cannot be taken back: it is written as soon as the kernel has room.
            ended.append((waiter, .unknown))
        }
        for index in self.queue.indices where self.queue[index].deadline <= now {
            guard let (command, waiter) = self.queue[index].request, let waiter else { continue }
            self.withdrawQueued(at: index, command)
            ended.append((waiter, .notSent))
        }
        return ended
    }

    /// The earliest deadline that somebody waits for.
    package var nextDeadline: ContinuousClock.Instant? {
        var next: ContinuousClock.Instant?
        for request in self.sent where request.waiter != nil {
            next = min(next ?? request.deadline, request.deadline)
        }
        for request in self.queue where request.request?.waiter != nil {
            next = min(next ?? request.deadline, request.deadline)
        }
        return next
    }

    /// Ends all requests, in their order. What was not written completely was not executed.
    package mutating func connectionLost() -> [(waiter: Waiter, fate: Fate)] {
        var ended: [(waiter: Waiter, fate: Fate)] = []
        for request in self.sent {
            guard let waiter = request.waiter else { continue }
            ended.append((waiter, request.end <= self.writtenEnd ? .unknown : .notSent))
        }
        for request in self.queue {
            guard let waiter = request.request?.waiter else { continue }
            ended.append((waiter, .notSent))
        }
        self.sent = []
        self.queue = []
        self.byteCount = 0
        self.overdueCount = 0
        return ended
    }

    private mutating func withdrawQueued(at index: Int, _ command: RedisCommand) {
        self.queue[index].request = nil
        self.byteCount -= command.byteCount
    }
}

extension Deque {
    /// The position of an element by its key; the keys grow with the positions.
    fileprivate func firstIndex<Key: Comparable>(of key: Key, by path: KeyPath<Element, Key>) -> Int? {
        var low = self.startIndex
        var high = self.endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle][keyPath: path] < key { low = middle + 1 } else { high = middle }
        }
        return low < self.endIndex && self[low][keyPath: path] == key ? low : nil
    }
}
