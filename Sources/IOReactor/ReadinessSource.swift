/// What a source wants to be told about its descriptor.
package struct Interest: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let read = Interest(rawValue: 1)
    package static let write = Interest(rawValue: 2)
}

/// What the kernel says about a descriptor. Hang-ups and errors are reported as readable, so that the next read
/// finds them.
package struct Readiness: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let readable = Readiness(rawValue: 1)
    package static let writable = Readiness(rawValue: 2)
}

/// What the reactor needs from a connection. Every member is used on the reactor's thread only.
///
/// An actor that lives on the reactor conforms with `nonisolated` witnesses that enter the actor with
/// `assumeIsolated`.
package protocol ReadinessSource: AnyObject, Sendable {
    /// Called when the descriptor is ready for something that was asked for.
    func ready(_ readiness: Readiness)
}

/// Names one registration of a source. A generation number, never the descriptor: those are reused by the kernel.
package struct SourceID: Hashable, Sendable {
    let generation: UInt64
}

/// Names one scheduled deadline.
package struct DeadlineID: Hashable, Sendable, Comparable {
    let instant: ContinuousClock.Instant
    let sequence: UInt64

    package static func < (lhs: DeadlineID, rhs: DeadlineID) -> Bool {
        (lhs.instant, lhs.sequence) < (rhs.instant, rhs.sequence)
    }
}
