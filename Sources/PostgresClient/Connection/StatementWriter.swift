internal import CLibpq

/// Hands statements with their parameters to libpq, which copies them into its output buffer.
///
/// The scratch memory is kept from one statement to the next.
struct StatementWriter {
    private var scratch: [UInt8] = []
    private var offsets: [Int] = []
    private var lengths: [CInt] = []
    private var formats: [CInt] = []
    private var types: [Oid] = []

    /// Sends the preparation of a statement.
    ///
    /// - Returns: Whether libpq took it.
    mutating func prepare(_ connection: OpaquePointer, _ serverName: String, _ step: PostgresUnit.Step) -> Bool {
        self.types.removeAll(keepingCapacity: true)
        for parameter in step.parameters { self.types.append(parameter.type.rawValue) }
        return PQsendPrepare(connection, serverName, step.statement.sql, CInt(self.types.count), self.types) == 1
    }

    /// Sends the execution of a statement: of a prepared one if it has a name there, else with its text.
    ///
    /// - Returns: Whether libpq took it.
    mutating func execute(_ connection: OpaquePointer, _ serverName: String?, _ step: PostgresUnit.Step) -> Bool {
        self.load(step.parameters)
        let format: CInt = step.statement.resultFormat == .binary ? 1 : 0
        let count = step.parameters.count
        return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: max(1, count)) { values in
            self.scratch.withUnsafeBytes { scratch in
                for (index, offset) in self.offsets.enumerated() {
                    let pointer = offset < 0 ? nil : scratch.baseAddress! + offset
                    values.initializeElement(at: index, to: pointer?.assumingMemoryBound(to: CChar.self))
                }
                let values = values.baseAddress
                if let serverName {
                    return PQsendQueryPrepared(
                        connection,
                        serverName,
                        CInt(count),
                        values,
                        self.lengths,
                        self.formats,
                        format
                    ) == 1
                }
                return PQsendQueryParams(
                    connection,
                    step.statement.sql,
                    CInt(count),
                    self.types,
                    values,
                    self.lengths,
                    self.formats,
                    format
                ) == 1
            }
        }
    }

    private mutating func load(_ parameters: [PostgresValue]) {
        // One byte in front, so that even an empty value has an address.
        self.scratch.removeAll(keepingCapacity: true)
        self.scratch.append(0)
        self.offsets.removeAll(keepingCapacity: true)
        self.lengths.removeAll(keepingCapacity: true)
        self.formats.removeAll(keepingCapacity: true)
        self.types.removeAll(keepingCapacity: true)
        for parameter in parameters {
            let offset = self.scratch.count
            switch parameter.payload {
            case .null: break
            case .byte(let byte): self.scratch.append(byte)
            case .word(let word): self.scratch.appendBigEndian(word)
            case .text(let text): self.scratch.append(contentsOf: text.utf8)
            case .bytes(let bytes): self.scratch.append(contentsOf: bytes)
            }
            self.offsets.append(parameter.payload == .null ? -1 : min(offset, self.scratch.count - 1))
            self.lengths.append(CInt(self.scratch.count - offset))
            self.formats.append(1)
            self.types.append(parameter.type.rawValue)
        }
        if self.scratch.capacity > 1 << 20, self.scratch.count < 1 << 16 { self.scratch.shrink() }
    }
}

extension [UInt8] {
    /// Gives memory back that one large value needed.
    fileprivate mutating func shrink() {
        self = Array(self)
    }
}
