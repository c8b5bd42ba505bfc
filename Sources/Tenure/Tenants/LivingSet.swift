internal import Synchronization

/// The registrations that are alive, as the last heartbeat or assignment said.
final class LivingSet: Sendable {
    private let incarnations = Mutex<[Incarnation]>([])

    /// Replaces the set. True when it changed.
    func replace(_ incarnations: [Incarnation]) -> Bool {
        let sorted = incarnations.sorted()
        return self.incarnations.withLock { present in
            defer { present = sorted }
            return present != sorted
        }
    }

    var all: [Incarnation] { self.incarnations.withLock { $0 } }
}
