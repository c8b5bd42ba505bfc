internal import CLibpq
package import Foundation

/// One row of an answer.
///
/// Every reader names a column by its position and the Swift type that it wants; each throws ``PostgresError`` with
/// `.malformed` if the column is missing, of another type, or NULL (the `optional…` forms return `nil` for NULL).
package struct PostgresRow: Sendable {
    let result: PostgresResult
    let row: CInt

    /// An `int2`, `int4`, `int8`, `oid` or `xid8`.
    package func int(_ column: Int) throws(PostgresError) -> Int {
        try self.require(self.optionalInt(column), column)
    }

    /// An `int2`, `int4`, `int8`, `oid` or `xid8`.
    package func optionalInt(_ column: Int) throws(PostgresError) -> Int? {
        guard let cell = try self.cell(column) else { return nil }
        switch cell.type {
        case .int8, .xid8: if cell.count == 8 { return Int(Int64(bitPattern: cell.word)) }
        case .int4: if cell.count == 4 { return Int(Int32(bitPattern: cell.half)) }
        case .oid: if cell.count == 4 { return Int(cell.half) }
        case .int2: if cell.count == 2 { return Int(Int16(bitPattern: cell.quarter)) }
        default: break
        }
        throw self.mismatch(column, cell.type, "an integer")
    }

    /// An `xid8`.
    package func xid(_ column: Int) throws(PostgresError) -> UInt64 {
        UInt64(bitPattern: Int64(try self.int(column)))
    }

    /// A `bool`.
    package func bool(_ column: Int) throws(PostgresError) -> Bool {
        try self.require(self.optionalBool(column), column)
    }

    /// A `bool`.
    package func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
        guard let cell = try self.cell(column) else { return nil }
        guard cell.type == .bool, cell.count == 1 else { throw self.mismatch(column, cell.type, "a bool") }
        return cell.base.load(as: UInt8.self) != 0
    }

    /// A `float4` or `float8`.
    package func double(_ column: Int) throws(PostgresError) -> Double {
        try self.require(self.optionalDouble(column), column)
    }

    /// A `float4` or `float8`.
    package func optionalDouble(_ column: Int) throws(PostgresError) -> Double? {
        guard let cell = try self.cell(column) else { return nil }
        switch cell.type {
        case .float8: if cell.count == 8 { return Double(bitPattern: cell.word) }
        case .float4: if cell.count == 4 { return Double(Float(bitPattern: cell.half)) }
        default: break
        }
        throw self.mismatch(column, cell.type, "a float")
    }

    /// A textual type, `json`, `jsonb`, an enum, or any type in text format.
    package func string(_ column: Int) throws(PostgresError) -> String {
        try self.require(self.optionalString(column), column)
    }

    /// A textual type, `json`, `jsonb`, an enum, or any type in text format.
    package func optionalString(_ column: Int) throws(PostgresError) -> String? {
        guard let cell = try self.cell(column, acceptsText: true) else { return nil }
        if cell.type.isTextual || cell.isText { return String(decoding: cell.bytes, as: UTF8.self) }
        if cell.type == .jsonb, cell.count >= 1 { return String(decoding: cell.bytes.dropFirst(), as: UTF8.self) }
        // Types of the user's own (enums) have no fixed OID; their binary form is text.
        if cell.type.rawValue >= PostgresType.firstUserType { return String(decoding: cell.bytes, as: UTF8.self) }
        throw self.mismatch(column, cell.type, "text")
    }

    /// A `bytea`, or the bytes of a textual type.
    package func bytes(_ column: Int) throws(PostgresError) -> [UInt8] {
        try self.require(self.optionalBytes(column), column)
    }

    /// A `bytea`, or the bytes of a textual type or `jsonb`.
    package func optionalBytes(_ column: Int) throws(PostgresError) -> [UInt8]? {
        guard let cell = try self.cell(column) else { return nil }
        if cell.type == .bytea || cell.type.isTextual { return Array(cell.bytes) }
        if cell.type == .jsonb { return Array(cell.bytes.dropFirst()) }
        throw self.mismatch(column, cell.type, "bytea")
    }

    /// A `timestamptz` as microseconds since 1970-01-01 UTC; the infinities are `Int64.max` and `Int64.min`.
    package func microseconds(_ column: Int) throws(PostgresError) -> Int64 {
        try self.require(self.optionalMicroseconds(column), column)
    }

    /// A `timestamptz` as microseconds since 1970-01-01 UTC; the infinities are `Int64.max` and `Int64.min`.
    package func optionalMicroseconds(_ column: Int) throws(PostgresError) -> Int64? {
        guard let cell = try self.cell(column) else { return nil }
        guard cell.type == .timestamptz, cell.count == 8 else {
            throw self.mismatch(column, cell.type, "a timestamptz")
        }
        return PostgresEpoch.decode(cell.word)
    }

    /// A `uuid`.
    package func uuid(_ column: Int) throws(PostgresError) -> UUID {
        try self.require(self.optionalUUID(column), column)
    }

    /// A `uuid`.
    package func optionalUUID(_ column: Int) throws(PostgresError) -> UUID? {
        guard let cell = try self.cell(column) else { return nil }
        guard cell.type == .uuid, cell.count == 16 else { throw self.mismatch(column, cell.type, "a uuid") }
        return UUID(uuid: cell.base.loadUnaligned(as: uuid_t.self))
    }

    /// Whether a value is NULL.
    package func isNull(_ column: Int) throws(PostgresError) -> Bool {
        try self.cell(column, acceptsText: true) == nil
    }
}

extension PostgresRow {
    func cell(_ column: Int, acceptsText: Bool = false) throws(PostgresError) -> PostgresCell? {
        let pointer = self.result.pointer
        let index = CInt(truncatingIfNeeded: column)
        guard column >= 0, index < PQnfields(pointer) else {
            throw self.malformed("no column \(column)")
        }
        guard PQgetisnull(pointer, self.row, index) == 0, let base = PQgetvalue(pointer, self.row, index) else {
            return nil
        }
        let isText = PQfformat(pointer, index) == 0
        guard acceptsText || !isText else { throw self.malformed("column \(column) is in text format") }
        return PostgresCell(
            type: PostgresType(rawValue: PQftype(pointer, index)),
            base: UnsafeRawPointer(base),
            count: Int(PQgetlength(pointer, self.row, index)),
            isText: isText
        )
    }

    func require<Value>(_ value: Value?, _ column: Int) throws(PostgresError) -> Value {
        guard let value else { throw self.malformed("column \(column) is NULL") }
        return value
    }

    func mismatch(_ column: Int, _ type: PostgresType, _ expected: StaticString) -> PostgresError {
        self.malformed("column \(column) has type \(type.rawValue), expected \(expected)")
    }

    func malformed(_ message: String) -> PostgresError {
        PostgresError(.malformed, .answered, operation: self.result.operation, message: message)
    }
}

/// One value that is not NULL, in the memory of its result.
struct PostgresCell {
    let type: PostgresType
    let base: UnsafeRawPointer
    let count: Int
    let isText: Bool

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: self.base, count: self.count) }
    var word: UInt64 { UInt64(bigEndian: self.base.loadUnaligned(as: UInt64.self)) }
    var half: UInt32 { UInt32(bigEndian: self.base.loadUnaligned(as: UInt32.self)) }
    var quarter: UInt16 { UInt16(bigEndian: self.base.loadUnaligned(as: UInt16.self)) }
}

extension PostgresType {
    /// OIDs below this one belong to built-in types.
    static let firstUserType: UInt32 = 16384
}
