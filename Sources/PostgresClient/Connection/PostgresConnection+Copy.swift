internal import CLibpq
internal import DequeModule
internal import IOReactor

/// Which way the data of a COPY go.
enum CopyDirection: Sendable {
    case toServer, fromServer
}

/// The data transfer of the COPY that is under way. Touched on the reactor only.
final class CopyTransfer {
    /// Reading stops when this many bytes wait for the consumer.
    static let bytesBufferedMax = 1 << 20

    let id: PostgresRequestID
    let direction: CopyDirection
    var buffer: [UInt8] = []
    var isAtEnd = false
    var isPaused = false
    /// Whether the reader has given up: what still arrives is dropped.
    var isAbandoned = false
    /// The writer or reader that waits.
    var waiter: CheckedContinuation<Void, Never>?

    init(id: PostgresRequestID, direction: CopyDirection) {
        self.id = id
        self.direction = direction
    }
}

/// Gives data to a `COPY … FROM STDIN`.
package struct PostgresCopyWriter: Sendable {
    let connection: PostgresConnection

    /// Adds bytes in the format that the command names; chunks need not end at rows.
    ///
    /// Returns when the network has taken them, which holds a fast producer back.
    ///
    /// - Throws: ``PostgresError`` if the COPY has ended.
    package func write(_ bytes: [UInt8]) async throws(PostgresError) {
        try await self.connection.putCopyData(bytes)
    }

    /// Adds text, for the formats `text` and `csv`.
    ///
    /// - Throws: ``PostgresError`` if the COPY has ended.
    package func write(_ text: String) async throws(PostgresError) {
        try await self.write(Array(text.utf8))
    }
}

/// COPY in both directions. The connection does nothing else meanwhile.
extension PostgresConnection {
    /// Runs a `COPY … FROM STDIN` with the data that a body writes.
    ///
    /// - Parameters:
    ///   - command: The command.
    ///   - deadline: When to give up.
    ///   - body: Writes the data. If it throws, the server forgets them all and the error is thrown on.
    /// - Returns: How many rows were copied.
    /// - Throws: ``PostgresError``, or what the body throws.
    package nonisolated func copyIn(
        _ command: String,
        deadline: ContinuousClock.Instant,
        _ body: (PostgresCopyWriter) async throws -> Void
    ) async throws -> Int {
        let (_, start, reply) = await self.startCopy(command, .toServer, deadline: deadline)
        _ = try await start.rows()
        do {
            try await body(PostgresCopyWriter(connection: self))
        } catch {
            await self.endCopyData(abort: true)
            // The answer says that the client gave up, or why the connection was lost, which the writer has thrown.
            _ = try? await reply.rows()
            throw error
        }
        await self.endCopyData(abort: false)
        return try await reply.rows().last?.affected ?? 0
    }

    /// Runs a `COPY … TO STDOUT`.
    ///
    /// - Parameters:
    ///   - command: The command.
    ///   - deadline: When to give up.
    ///   - body: Takes the data in chunks of whole rows. A slow body holds the server back; if it throws, the command
    ///     is cancelled and the error thrown on.
    /// - Returns: How many rows were copied.
    /// - Throws: ``PostgresError``, or what the body throws.
    package nonisolated func copyOut(
        _ command: String,
        deadline: ContinuousClock.Instant,
        _ body: ([UInt8]) async throws -> Void
    ) async throws -> Int {
        let (id, start, reply) = await self.startCopy(command, .fromServer, deadline: deadline)
        _ = try await start.rows()
        do {
            while let chunk = await self.nextCopyData(id) { try await body(chunk) }
        } catch {
            await self.abandonCopy(id)
            // The answer says that the command was cancelled.
            _ = try? await reply.rows()
            throw error
        }
        return try await reply.rows().last?.affected ?? 0
    }

    private func startCopy(
        _ command: String,
        _ direction: CopyDirection,
        deadline: ContinuousClock.Instant
    ) -> (id: PostgresRequestID, start: PostgresReply, reply: PostgresReply) {
        let start = self.makeReply(count: 1)
        let reply = self.makeReply(count: 1)
        let body = PostgresRequest.Body.copy(command, direction)
        let request = PostgresRequest(body, reply: reply, index: 0, label: "copy", copyStart: start)
        self.submit(request, .exclusive, byteCount: command.utf8.count, deadline: deadline)
        self.advanceSoon()
        return (PostgresRequestID(rawValue: self.lastRequest), start, reply)
    }

    func beginCopy(_ id: PostgresRequestID, _ arrival: PostgresExchange.Arrival) {
        guard let request = self.requests[id], case .copy(_, let direction) = request.body,
            (direction == .toServer) == (arrival == .copyIn)
        else {
            return self.lose(self.lossError("a COPY was begun that nobody asked for"))
        }
        self.copy = CopyTransfer(id: id, direction: direction)
        request.copyStart?.fulfilIfMissing(.success([]))
    }

    // MARK: To the server

    func putCopyData(_ bytes: [UInt8]) async throws(PostgresError) {
        guard let handle, let copy, copy.direction == .toServer else {
            throw self.end ?? PostgresError(.rejected, .notSent, operation: "copy", message: "no COPY is under way")
        }
        let taken = bytes.withUnsafeBytes { buffer in
            PQputCopyData(handle.pointer, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(buffer.count))
        }
        if taken < 0 { self.lose(handle.sessionEnd ?? self.lossError(handle.errorMessage)) }
        self.advance()
        if self.interest.contains(.write), self.copy === copy {
            await withCheckedContinuation { copy.waiter = $0 }
        }
        guard self.copy === copy else { throw self.end ?? self.lossError("the COPY has ended") }
    }

    func endCopyData(abort: Bool) {
        guard let handle, let copy, copy.direction == .toServer else { return }
        if PQputCopyEnd(handle.pointer, abort ? "the client gave up" : nil) < 0 {
            self.lose(handle.sessionEnd ?? self.lossError(handle.errorMessage))
        }
        self.exchange.copyEnded()
        // The server may have refused the data long ago: its answer was read, but libpq holds it back until now.
        self.drain()
        self.advance()
    }

    /// All written bytes have left: a held-back writer goes on.
    func outputDrained() {
        guard let copy, copy.direction == .toServer, let waiter = copy.waiter else { return }
        copy.waiter = nil
        waiter.resume()
    }

    // MARK: From the server

    /// Moves rows from libpq to the buffer, until there are none or the buffer is full.
    func readCopyData() {
        guard let handle, let copy, copy.direction == .fromServer, !copy.isAtEnd else { return }
        while copy.buffer.count < CopyTransfer.bytesBufferedMax {
            var row: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(handle.pointer, &row, 1)
            if count > 0, let row {
                if !copy.isAbandoned {
                    copy.buffer.append(contentsOf: UnsafeRawBufferPointer(start: row, count: Int(count)))
                }
                PQfreemem(row)
            } else {
                if count < 0 {
                    copy.isAtEnd = true
                    self.exchange.copyEnded()
                }
                break
            }
        }
        copy.isPaused = copy.buffer.count >= CopyTransfer.bytesBufferedMax
        if !copy.buffer.isEmpty || copy.isAtEnd { copy.resumeWaiter() }
    }

    func nextCopyData(_ id: PostgresRequestID) async -> [UInt8]? {
        if let copy, copy.id == id, copy.buffer.isEmpty, !copy.isAtEnd {
            await withCheckedContinuation { copy.waiter = $0 }
        }
        if let unread = self.unreadCopies.removeValue(forKey: id) { return unread.buffer }
        guard let copy, copy.id == id, !copy.buffer.isEmpty else { return nil }
        let chunk = copy.buffer
        copy.buffer = []
        self.resumeCopy(copy)
        return chunk
    }

    private func abandonCopy(_ id: PostgresRequestID) {
        self.unreadCopies[id] = nil
        guard let copy, copy.id == id else { return }
        copy.isAbandoned = true
        copy.buffer = []
        self.callerCancelled(id.rawValue..<(id.rawValue + 1))
        self.resumeCopy(copy)
    }

    /// The reader has taken what there was: a held-back server goes on.
    private func resumeCopy(_ copy: CopyTransfer) {
        guard copy.isPaused else { return }
        copy.isPaused = false
        self.drain()
        self.advance()
    }

    /// The transfer has ended, with the command or with the connection.
    func endCopy(_ copy: CopyTransfer) {
        copy.isAtEnd = true
        copy.isPaused = false
        self.copy = nil
        if !copy.buffer.isEmpty { self.unreadCopies[copy.id] = copy }
        copy.resumeWaiter()
    }
}

extension CopyTransfer {
    func resumeWaiter() {
        guard let waiter else { return }
        self.waiter = nil
        waiter.resume()
    }
}
