internal import Foundation
internal import Synchronization

/// Writes values as JSON with sorted keys, so that the same value is always the same text.
///
/// Scripts compare such texts to tell whether anything changed.
enum JSONText {
    static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A load that is not a number must not end the program.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            preconditionFailure("a coordination value cannot be written as JSON: \(error)")
        }
    }

    /// Reads a value; `nil` when the text is not one, which leaves that entry out and harms no other.
    static func decode<Value: Decodable>(_ bytes: [UInt8]) -> Value? {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        // The reason does not matter: such an entry was written by something that is not this program.
        return try? decoder.decode(Value.self, from: Data(bytes))
    }
}

/// Decodes JSON texts and remembers the results: tenants and nodes are read every second and hardly ever change.
final class JSONMemory<Value: Decodable & Sendable>: Sendable {
    private let values = Mutex<[[UInt8]: Value]>([:])
    private let limit: Int

    /// - Parameter limit: How many texts are remembered; beyond it all are forgotten and the memory fills anew.
    init(limit: Int) {
        self.limit = limit
    }

    /// The value of a text; `nil` when it has none.
    func decode(_ bytes: [UInt8]) -> Value? {
        if let known = self.values.withLock({ $0[bytes] }) { return known }
        guard let value: Value = JSONText.decode(bytes) else { return nil }
        self.values.withLock { values in
            if values.count >= self.limit { values.removeAll(keepingCapacity: true) }
            values[bytes] = value
        }
        return value
    }
}
