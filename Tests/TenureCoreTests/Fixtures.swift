import TenureCore

/// A node's name, for tests that know it to be valid.
func node(_ text: String) -> NodeID {
    guard let id = try? NodeID(text) else { preconditionFailure("'\(text)' is no node ID") }
    return id
}

/// A tenant's name, for tests that know it to be valid.
func tenant(_ text: String) -> TenantID {
    guard let id = try? TenantID(text) else { preconditionFailure("'\(text)' is no tenant ID") }
    return id
}

/// The first registration of a node.
func holder(_ id: String, _ incarnation: String = "i1") -> Holder {
    Holder(node: node(id), incarnation: Incarnation(incarnation))
}

/// An instant some milliseconds after the origin.
func at(_ milliseconds: Int64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
