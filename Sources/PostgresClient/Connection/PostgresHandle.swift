internal import CLibpq

/// Owns one `PGconn`. Lives and dies on the reactor.
final class PostgresHandle {
    let pointer: OpaquePointer
    /// Where libpq's notice callback leaves what the server says unasked.
    private let notices = NoticeBox()

    /// Takes over a connection.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        let context = Unmanaged.passUnretained(self.notices).toOpaque()
        // The box lives as long as the handle, and libpq calls only from within calls on this connection.
        PQsetNoticeReceiver(
            pointer,
            { context, result in
                guard let context, let result else { return }
                Unmanaged<NoticeBox>.fromOpaque(context).takeUnretainedValue().receive(result)
            },
            context
        )
    }

    deinit {
        PQfinish(self.pointer)
    }

    /// The error with which the server ended the session while nothing was being answered.
    var sessionEnd: PostgresError? { self.notices.sessionEnd }

    /// libpq's description of what went wrong last, in one line.
    var errorMessage: String {
        String(cString: PQerrorMessage(self.pointer)).split(whereSeparator: \.isNewline).joined(separator: "; ")
    }

    /// What a cancel request needs; usable from any thread.
    func makeCancelHandle() -> PostgresCancelHandle? {
        PQgetCancel(self.pointer).map(PostgresCancelHandle.init)
    }
}

/// Receives notices: they are not printed, and a fatal one is kept as the reason of the loss that follows.
private final class NoticeBox {
    var sessionEnd: PostgresError?

    func receive(_ pointer: OpaquePointer) {
        // The result belongs to libpq: read it here, keep nothing.
        guard let severity = PQresultErrorField(pointer, CInt(UInt8(ascii: "V"))) else { return }
        let severityName = String(cString: severity)
        guard severityName == "FATAL" || severityName == "PANIC" else { return }
        func text(_ field: Character) -> String? {
            PQresultErrorField(pointer, CInt(field.asciiValue!)).map { String(cString: $0) }
        }
        self.sessionEnd = PostgresError(
            .unavailable,
            .notSent,
            operation: "session",
            message: text("M") ?? "the server ended the session",
            sqlState: text("C").map { SQLState(rawValue: $0) },
            detail: text("D"),
            hint: text("H"),
            endsSession: true
        )
    }
}

/// Owns one `PGcancel`.
// SAFETY: libpq documents PQcancel as safe to call from other threads, on an object that nobody frees meanwhile; the
// pointer is never modified and freed in `deinit` only.
final class PostgresCancelHandle: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQfreeCancel(self.pointer)
    }

    /// Asks the server to cancel what the connection is doing. Blocks for a round trip over a connection of its own.
    func cancel() {
        var message = [CChar](repeating: 0, count: 256)
        // A request that cannot be delivered is as good as one that comes too late: the grace period decides.
        _ = PQcancel(self.pointer, &message, CInt(message.count))
    }
}
