import HeapModule

/// An executor's timers: a heap of instants with lazy removal. Of equal instants, what was set first comes first.
///
/// - Complexity: O(log n) to schedule and to fire; O(1) to cancel.
package struct DeadlineQueue {
    private var heap = Heap<DeadlineID>()
    private var bodies: [DeadlineID: () -> Void] = [:]
    private var sequence: UInt64 = 0

    package init() {}

    package mutating func schedule(at instant: ContinuousClock.Instant, _ body: @escaping () -> Void) -> DeadlineID {
        self.sequence += 1
        let id = DeadlineID(instant: instant, sequence: self.sequence)
        self.heap.insert(id)
        self.bodies[id] = body
        return id
    }

    package mutating func cancel(_ id: DeadlineID) {
        self.bodies[id] = nil
        // Cancelled entries stay in the heap until they come up; a connection that sets and cancels one per request
        // would otherwise let it grow without bound.
        if self.heap.count > 64, self.heap.count > 4 * self.bodies.count {
            self.heap = Heap(self.bodies.keys)
        }
    }

    /// The earliest instant that is still wanted.
    package var next: ContinuousClock.Instant? {
        mutating get {
            while let first = self.heap.min {
                if self.bodies[first] != nil { return first.instant }
                self.heap.removeMin()
            }
            return nil
        }
    }

    /// Removes and returns the earliest body whose instant has come.
    package mutating func popDue(at now: ContinuousClock.Instant) -> (() -> Void)? {
        guard let next = self.next, next <= now else { return nil }
        return self.bodies.removeValue(forKey: self.heap.removeMin())
    }

    mutating func removeAll() {
        self.heap = Heap()
        self.bodies = [:]
    }
}
