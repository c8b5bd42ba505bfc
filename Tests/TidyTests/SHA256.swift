import Foundation

/// SHA-256 (FIPS 180-4), so that these tests need no other module.
enum SHA256 {
    /// The hash in lower-case hexadecimal digits.
    static func hex(of bytes: [UInt8]) -> String {
        var message = bytes + [0x80]
        while message.count % 64 != 56 { message.append(0) }
        message += (0..<8).reversed().map { UInt8(truncatingIfNeeded: UInt64(bytes.count * 8) >> ($0 * 8)) }

        var state = Self.rootFractions(of: 8) { $0.squareRoot() }
        let constants = Self.constants
        for block in stride(from: 0, to: message.count, by: 64) {
            var words = (0..<16).map { word in
                message[(block + word * 4)..<(block + word * 4 + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            }
            for index in 16..<64 {
                let first = words[index - 15]
                let second = words[index - 2]
                words.append(
                    words[index - 16] &+ words[index - 7]
                        &+ (Self.rotate(first, 7) ^ Self.rotate(first, 18) ^ first >> 3)
                        &+ (Self.rotate(second, 17) ^ Self.rotate(second, 19) ^ second >> 10)
                )
            }
            state = Self.compress(state, words, constants)
        }
        return state.map { String(format: "%08x", $0) }.joined()
    }

    private static func compress(_ state: [UInt32], _ words: [UInt32], _ constants: [UInt32]) -> [UInt32] {
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for index in 0..<64 {
            let sum = Self.rotate(e, 6) ^ Self.rotate(e, 11) ^ Self.rotate(e, 25)
            let choice = e & f ^ ~e & g
            let first = h &+ sum &+ choice &+ constants[index] &+ words[index]
            let other = Self.rotate(a, 2) ^ Self.rotate(a, 13) ^ Self.rotate(a, 22)
            let majority = a & b ^ a & c ^ b & c
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ other &+ majority)
        }
        return zip(state, [a, b, c, d, e, f, g, h]).map { $0 &+ $1 }
    }

    private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 - bits) }

    /// The standard's constants are the first 32 bits of the fractions of roots of the first primes.
    private static let constants = Self.rootFractions(of: 64) { cbrt($0) }

    private static func rootFractions(of count: Int, _ root: (Double) -> Double) -> [UInt32] {
        let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }
        return primes.prefix(count).map { prime in
            let value = root(Double(prime))
            return UInt32((value - value.rounded(.down)) * 4_294_967_296)
        }
    }
}
