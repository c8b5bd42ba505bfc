import TenureCore

/// Pseudo-random numbers from a seed (SplitMix64). Each purpose has a stream of its own, so that one more draw for one
/// of them leaves the others as they were.
package struct Dice: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(_ seed: UInt64, _ purpose: String) {
        var hash = TraceHash()
        hash.mix(seed)
        hash.mix(purpose)
        self.state = hash.value
    }

    package mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    mutating func fraction() -> Double { Double(self.next() >> 11) * 0x1p-53 }

    /// Whether something happens that has this probability.
    mutating func happens(_ probability: Double) -> Bool { probability > 0 && self.fraction() < probability }

    /// A number from 0 to below a bound.
    mutating func index(below bound: Int) -> Int { Int(self.next() % UInt64(max(1, bound))) }

    /// A number within a range.
    mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + self.index(below: range.count)
    }

    mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration { .milliseconds(self.number(range)) }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[self.index(below: elements.count)] }
}

/// A fingerprint of all that has happened: two runs of one seed have the same.
package struct TraceHash: Sendable, Hashable {
    package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func mix(_ number: UInt64) {
        self.value = (self.value ^ number) &* 0x0000_0100_0000_01B3
        self.value ^= self.value >> 29
    }

    mutating func mix(_ text: String) {
        for byte in text.utf8 { self.value = (self.value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
}
