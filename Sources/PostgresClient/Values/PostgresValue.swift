package import struct Foundation.UUID

/// A statement's parameter: a type and its binary form.
///
/// Values are encoded when they are made, in the caller's task, so that the reactor only copies bytes. The declared
/// type takes part in the server's choice of operators and functions: an integer is always `int8`, a string always
/// `text`. Where the SQL needs another type, cast there (`$1::int`, `$2::text::inet`).
package struct PostgresValue: Sendable, Hashable {
    enum Payload: Sendable, Hashable {
        case null
        case byte(UInt8)
        case word(UInt64)
        case text(String)
        case bytes([UInt8])
    }

    /// The type that the statement is prepared with.
    package let type: PostgresType
    let payload: Payload

    init(_ type: PostgresType, _ payload: Payload) {
        self.type = type
        self.payload = payload
    }

    /// How many bytes the value takes on the wire, near enough to bound what is in flight.
    var byteCount: Int {
        switch self.payload {
        case .null: 0
        case .byte: 1
        case .word: 8
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
    }

    /// A NULL of a type.
    package static func null(_ type: PostgresType) -> PostgresValue {
        PostgresValue(type, .null)
    }

    /// An `int8`.
    package static func int(_ value: Int64?) -> PostgresValue {
        PostgresValue(.int8, value.map { .word(UInt64(bitPattern: $0)) } ?? .null)
    }

    /// An `int8`.
    package static func int(_ value: Int?) -> PostgresValue {
        .int(value.map { Int64($0) })
    }

    /// A `bool`.
    package static func bool(_ value: Bool?) -> PostgresValue {
        PostgresValue(.bool, value.map { .byte($0 ? 1 : 0) } ?? .null)
    }

    /// A `float8`.
    package static func double(_ value: Double?) -> PostgresValue {
        PostgresValue(.float8, value.map { .word($0.bitPattern) } ?? .null)
    }

    /// A `text`. Postgres refuses the character U+0000.
    package static func text(_ value: String?) -> PostgresValue {
        PostgresValue(.text, value.map { .text($0) } ?? .null)
    }

    /// A `bytea`.
    package static func bytes(_ value: [UInt8]?) -> PostgresValue {
        PostgresValue(.bytea, value.map { .bytes($0) } ?? .null)
    }

    /// A `timestamptz` from microseconds since 1970-01-01 UTC; `Int64.max` and `Int64.min` are the infinities.
    package static func timestamp(microseconds value: Int64?) -> PostgresValue {
        PostgresValue(.timestamptz, value.map { .word(PostgresEpoch.encode($0)) } ?? .null)
    }

    /// A `uuid`.
    package static func uuid(_ value: UUID?) -> PostgresValue {
        PostgresValue(.uuid, value.map { .bytes(withUnsafeBytes(of: $0.uuid) { Array($0) }) } ?? .null)
    }

    /// A `jsonb` from JSON text, which the server validates.
    package static func json(_ value: String?) -> PostgresValue {
        PostgresValue(.jsonb, value.map { .bytes([1] + Array($0.utf8)) } ?? .null)
    }

    /// An `xid8`.
    package static func xid(_ value: UInt64?) -> PostgresValue {
        PostgresValue(.xid8, value.map { .word($0) } ?? .null)
    }
}

/// The two epochs: Postgres counts microseconds from 2000-01-01 UTC, this project from 1970-01-01 UTC.
enum PostgresEpoch {
    private static let offsetMicroseconds: Int64 = 946_684_800_000_000

    static func encode(_ unixMicroseconds: Int64) -> UInt64 {
        guard unixMicroseconds != .max, unixMicroseconds != .min else { return UInt64(bitPattern: unixMicroseconds) }
        return UInt64(bitPattern: unixMicroseconds.subtractingReportingOverflow(self.offsetMicroseconds).partialValue)
    }

    static func decode(_ word: UInt64) -> Int64 {
        let value = Int64(bitPattern: word)
        guard value != .max, value != .min else { return value }
        return value.addingReportingOverflow(self.offsetMicroseconds).partialValue
    }
}
