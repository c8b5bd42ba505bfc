/// A hash that is the same in every process, on every machine and in every version: what nodes agree on rests on it.
///
/// FNV-1a over 64 bits, then mixed, since FNV alone spreads similar short texts badly in the upper bits.
package enum StableHash {
    /// The hash of texts, each ended so that ("ab", "c") and ("a", "bc") differ.
    package static func of(_ texts: String...) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for text in texts {
            for byte in text.utf8 {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            }
            // No valid UTF-8 contains this byte.
            hash = (hash ^ 0xff) &* 0x0000_0100_0000_01b3
        }
        return self.mixed(hash)
    }

    /// The hash of two numbers.
    package static func of(_ first: UInt64, _ second: UInt64) -> UInt64 {
        self.mixed(self.mixed(first &+ 0x9e37_79b9_7f4a_7c15) ^ (second &* 0x9e37_79b9_7f4a_7c15))
    }

    /// A number strictly between 0 and 1, evenly spread.
    package static func unitInterval(_ hash: UInt64) -> Double {
        (Double(hash >> 12) + 0.5) / 4_503_599_627_370_496
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
