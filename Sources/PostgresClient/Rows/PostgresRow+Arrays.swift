package import Foundation

/// One-dimensional arrays.
extension PostgresRow {
    /// An `int8[]` or `int4[]` without NULLs.
    package func ints(_ column: Int) throws(PostgresError) -> [Int] {
        try self.array(column, "an array of integers") { element in
            switch element.count {
            case 8 where element.type == .int8: Int(Int64(bitPattern: element.word))
            case 4 where element.type == .int4: Int(Int32(bitPattern: element.half))
            default: nil
            }
        }
    }

    /// A `float8[]` without NULLs.
    package func doubles(_ column: Int) throws(PostgresError) -> [Double] {
        try self.array(column, "an array of floats") { element in
            element.type == .float8 && element.count == 8 ? Double(bitPattern: element.word) : nil
        }
    }

    /// A `bool[]` without NULLs.
    package func bools(_ column: Int) throws(PostgresError) -> [Bool] {
        try self.array(column, "an array of bools") { element in
            element.type == .bool && element.count == 1 ? element.base.load(as: UInt8.self) != 0 : nil
        }
    }

    /// A `text[]` or `jsonb[]` without NULLs.
    package func strings(_ column: Int) throws(PostgresError) -> [String] {
        try self.array(column, "an array of texts", Self.string)
    }

    /// A `text[]` or `jsonb[]`.
    package func optionalStrings(_ column: Int) throws(PostgresError) -> [String?] {
        var strings: [String?] = []
        try self.forEachElement(column, "an array of texts") { element in
            guard let element else {
                strings.append(nil)
                return true
            }
            guard let string = Self.string(element) else { return false }
            strings.append(string)
            return true
        }
        return strings
    }

    /// A `timestamptz[]` without NULLs, as microseconds since 1970-01-01 UTC.
    package func microsecondsArray(_ column: Int) throws(PostgresError) -> [Int64] {
        try self.array(column, "an array of timestamptz") { element in
            element.type == .timestamptz && element.count == 8 ? PostgresEpoch.decode(element.word) : nil
        }
    }

    /// A `uuid[]` without NULLs.
    package func uuids(_ column: Int) throws(PostgresError) -> [UUID] {
        try self.array(column, "an array of uuids") { element in
            guard element.type == .uuid, element.count == 16 else { return nil }
            return UUID(uuid: element.base.loadUnaligned(as: uuid_t.self))
        }
    }

    private static func string(_ element: PostgresCell) -> String? {
        if element.type.isTextual { return String(decoding: element.bytes, as: UTF8.self) }
        guard element.type == .jsonb else { return nil }
        return String(decoding: element.bytes.dropFirst(), as: UTF8.self)
    }

    private func array<Element>(
        _ column: Int,
        _ expected: StaticString,
        _ decode: (PostgresCell) -> Element?
    ) throws(PostgresError) -> [Element] {
        var elements: [Element] = []
        try self.forEachElement(column, expected) { element in
            guard let element, let value = decode(element) else { return false }
            elements.append(value)
            return true
        }
        return elements
    }

    /// Walks the binary form; every length is checked against the bytes that are there.
    private func forEachElement(
        _ column: Int,
        _ expected: StaticString,
        _ body: (PostgresCell?) -> Bool
    ) throws(PostgresError) {
        let cell = try self.require(try self.cell(column), column)
        guard cell.count >= 12 else { throw self.mismatch(column, cell.type, expected) }
        let dimensions = cell.base.bigEndian32(at: 0)
        guard dimensions > 0 else { return }
        guard dimensions == 1, cell.count >= 20 else { throw self.mismatch(column, cell.type, expected) }
        let type = PostgresType(rawValue: cell.base.bigEndian32(at: 8))
        let count = Int(cell.base.bigEndian32(at: 12))
        var offset = 20
        for _ in 0..<count {
            guard offset + 4 <= cell.count else { throw self.mismatch(column, cell.type, expected) }
            let length = Int(Int32(bitPattern: cell.base.bigEndian32(at: offset)))
            offset += 4
            guard length >= 0 else {
                guard body(nil) else { throw self.mismatch(column, cell.type, expected) }
                continue
            }
            guard offset + length <= cell.count else { throw self.mismatch(column, cell.type, expected) }
            let element = PostgresCell(type: type, base: cell.base + offset, count: length, isText: false)
            guard body(element) else { throw self.mismatch(column, cell.type, expected) }
            offset += length
        }
    }
}

extension UnsafeRawPointer {
    fileprivate func bigEndian32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: self.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
