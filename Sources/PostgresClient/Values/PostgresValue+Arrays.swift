package import struct Foundation.UUID

/// One-dimensional arrays. Elements may be NULL where the parameter's element is optional.
extension PostgresValue {
    /// An `int8[]`.
    package static func ints(_ values: [Int64]) -> PostgresValue {
        PostgresValue(.int8Array, .bytes(ArrayEncoder.fixed(.int8, values) { UInt64(bitPattern: $0) }))
    }

    /// An `int8[]`.
    package static func ints(_ values: [Int]) -> PostgresValue {
        PostgresValue(.int8Array, .bytes(ArrayEncoder.fixed(.int8, values) { UInt64(bitPattern: Int64($0)) }))
    }

    /// An `int8[]` that may hold NULLs.
    package static func ints(_ values: [Int64?]) -> PostgresValue {
        PostgresValue(.int8Array, .bytes(ArrayEncoder.optionals(.int8, values) { Self.int($0) }))
    }

    /// A `float8[]`.
    package static func doubles(_ values: [Double]) -> PostgresValue {
        PostgresValue(.float8Array, .bytes(ArrayEncoder.fixed(.float8, values) { $0.bitPattern }))
    }

    /// A `timestamptz[]` from microseconds since 1970-01-01 UTC.
    package static func timestamps(microseconds values: [Int64]) -> PostgresValue {
        PostgresValue(.timestamptzArray, .bytes(ArrayEncoder.fixed(.timestamptz, values) { PostgresEpoch.encode($0) }))
    }

    /// A `timestamptz[]` from microseconds since 1970-01-01 UTC that may hold NULLs.
    package static func timestamps(microseconds values: [Int64?]) -> PostgresValue {
        PostgresValue(
            .timestamptzArray,
            .bytes(ArrayEncoder.optionals(.timestamptz, values) { Self.timestamp(microseconds: $0) })
        )
    }

    /// A `bool[]`.
    package static func bools(_ values: [Bool]) -> PostgresValue {
        PostgresValue(.boolArray, .bytes(ArrayEncoder.optionals(.bool, values) { Self.bool($0) }))
    }

    /// A `text[]`.
    package static func texts(_ values: [String]) -> PostgresValue {
        PostgresValue(.textArray, .bytes(ArrayEncoder.optionals(.text, values) { Self.text($0) }))
    }

    /// A `text[]` that may hold NULLs.
    package static func texts(_ values: [String?]) -> PostgresValue {
        PostgresValue(.textArray, .bytes(ArrayEncoder.optionals(.text, values) { Self.text($0) }))
    }

    /// A `uuid[]`.
    package static func uuids(_ values: [UUID]) -> PostgresValue {
        PostgresValue(.uuidArray, .bytes(ArrayEncoder.optionals(.uuid, values) { Self.uuid($0) }))
    }

    /// A `uuid[]` that may hold NULLs.
    package static func uuids(_ values: [UUID?]) -> PostgresValue {
        PostgresValue(.uuidArray, .bytes(ArrayEncoder.optionals(.uuid, values) { Self.uuid($0) }))
    }

    /// A `bytea[]`.
    package static func byteArrays(_ values: [[UInt8]?]) -> PostgresValue {
        PostgresValue(.byteaArray, .bytes(ArrayEncoder.optionals(.bytea, values) { Self.bytes($0) }))
    }

    /// A `jsonb[]` from JSON texts, which may hold NULLs.
    package static func jsons(_ values: [String?]) -> PostgresValue {
        PostgresValue(.jsonbArray, .bytes(ArrayEncoder.optionals(.jsonb, values) { Self.json($0) }))
    }
}

/// Writes the binary form of arrays: dimensions, a NULL flag, the element type, the length and lower bound, and the
/// elements, each with its length.
private enum ArrayEncoder {
    /// Elements of eight bytes, written into memory of the right size at once: the arrays of IDs that accompany every
    /// batch are large.
    static func fixed<Element>(
        _ type: PostgresType,
        _ values: [Element],
        _ word: (Element) -> UInt64
    ) -> [UInt8] {
        guard !values.isEmpty else { return Self.header(type, count: 0, hasNulls: false) }
        let header = Self.header(type, count: values.count, hasNulls: false)
        return [UInt8](unsafeUninitializedCapacity: header.count + values.count * 12) { buffer, initialized in
            let base = UnsafeMutableRawPointer(buffer.baseAddress!)
            header.withUnsafeBytes { base.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
            var offset = header.count
            for value in values {
                base.storeBytes(of: UInt32(8).bigEndian, toByteOffset: offset, as: UInt32.self)
                base.storeBytes(of: word(value).bigEndian, toByteOffset: offset + 4, as: UInt64.self)
                offset += 12
            }
            initialized = offset
        }
    }

    static func optionals<Element>(
        _ type: PostgresType,
        _ values: [Element],
        _ encode: (Element) -> PostgresValue
    ) -> [UInt8] {
        var elements: [UInt8] = []
        elements.reserveCapacity(values.count * 24)
        var hasNulls = false
        for value in values {
            switch encode(value).payload {
            case .null:
                hasNulls = true
                elements.appendBigEndian(UInt32.max)
            case .byte(let byte):
                elements.appendBigEndian(UInt32(1))
                elements.append(byte)
            case .word(let word):
                elements.appendBigEndian(UInt32(8))
                elements.appendBigEndian(word)
            case .text(let text):
                elements.appendBigEndian(UInt32(text.utf8.count))
                elements.append(contentsOf: text.utf8)
            case .bytes(let bytes):
                elements.appendBigEndian(UInt32(bytes.count))
                elements.append(contentsOf: bytes)
            }
        }
        return Self.header(type, count: values.count, hasNulls: hasNulls) + elements
    }

    private static func header(_ type: PostgresType, count: Int, hasNulls: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20)
        bytes.appendBigEndian(UInt32(count == 0 ? 0 : 1))
        bytes.appendBigEndian(UInt32(hasNulls ? 1 : 0))
        bytes.appendBigEndian(type.rawValue)
        guard count > 0 else { return bytes }
        bytes.appendBigEndian(UInt32(count))
        bytes.appendBigEndian(UInt32(1))
        return bytes
    }
}

extension [UInt8] {
    /// Appends an integer in network order.
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { self.append(contentsOf: $0) }
    }
}
