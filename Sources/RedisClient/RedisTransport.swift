internal import CHiredis
internal import Foundation

/// One socket with hiredis's buffers and parser around it. Blocks nowhere.
///
/// hiredis formats, buffers and parses; waiting is left to the reactor, order and deadlines to ``RedisPipeline``.
///
/// - Important: Belongs to one ``RedisConnection`` and is touched in its isolation only.
final class RedisTransport {
    /// Why a connection cannot go on.
    enum Failure: Error, Sendable, Hashable {
        case closedByPeer
        case socket(String)
        case malformed(String)
    }

    let descriptor: CInt

    /// The number of bytes that commands have taken so far in the stream.
    private(set) var bufferedEnd: UInt64 = 0
    /// The number of bytes that the kernel has taken.
    private(set) var writtenEnd: UInt64 = 0

    /// Owned; freed, and with it the descriptor closed, in `deinit` only.
    private let context: UnsafeMutablePointer<redisContext>
    private var pointers: [UnsafePointer<CChar>?] = []

    /// Takes over a non-blocking socket that is connected or about to be.
    init(adopting descriptor: CInt) {
        guard let context = redisConnectFd(descriptor) else { preconditionFailure("out of memory") }
        // `redisConnectFd` assumes a blocking socket: without this, "try again" would count as an error.
        context.pointee.flags &= ~REDIS_BLOCK
        self.context = context
        self.descriptor = descriptor
    }

    deinit {
        redisFree(self.context)
    }

    /// The outcome of the connection attempt, once the socket is writable.
    func finishConnecting() throws(Failure) {
        var code: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        let result = getsockopt(self.descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        guard result == 0, code == 0 else { throw .socket(String(cString: strerror(result == 0 ? code : errno))) }
        var on: CInt = 1
        // Both fail on Unix sockets, which need neither.
        setsockopt(self.descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
        setsockopt(self.descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, socklen_t(MemoryLayout<CInt>.size))
    }

    /// The number of bytes that wait in the output buffer.
    var pendingByteCount: UInt64 { self.bufferedEnd - self.writtenEnd }

    /// Adds a command to the output buffer.
    ///
    /// - Returns: The position of its last byte in the stream.
    func append(_ command: RedisCommand) -> UInt64 {
        let before = sdslen(self.context.pointee.obuf)
        let result = command.storage.withUnsafeBytes { storage in
            command.lengths.withUnsafeBufferPointer { lengths in
                self.pointers.removeAll(keepingCapacity: true)
                // An empty argument needs an address too; it is not read.
                var next = storage.baseAddress ?? UnsafeRawPointer(self.context)
                for length in lengths {
                    self.pointers.append(next.assumingMemoryBound(to: CChar.self))
                    next += length
                }
                return redisAppendCommandArgv(
                    self.context,
                    CInt(lengths.count),
                    &self.pointers,
                    lengths.baseAddress
                )
            }
        }
        precondition(result == REDIS_OK, "out of memory")
        self.bufferedEnd += UInt64(sdslen(self.context.pointee.obuf) - before)
        return self.bufferedEnd
    }

    /// Writes as much as the kernel takes at once.
    ///
    /// - Returns: Whether the output buffer is empty now.
    func write() throws(Failure) -> Bool {
        let before = sdslen(self.context.pointee.obuf)
        guard before > 0 else { return true }
        var isDone: CInt = 0
        guard redisBufferWrite(self.context, &isDone) == REDIS_OK else { throw self.failure() }
        self.writtenEnd += UInt64(before - sdslen(self.context.pointee.obuf))
        return isDone != 0
    }

    /// Reads what has come, at most 16 KiB.
    func read() throws(Failure) {
        guard redisBufferRead(self.context) == REDIS_OK else { throw self.failure() }
    }

    /// Takes the next complete reply; `nil` if there is none yet.
    func nextReply() throws(Failure) -> RedisValue? {
        var reply: UnsafeMutableRawPointer?
        guard redisGetReplyFromReader(self.context, &reply) == REDIS_OK else { throw self.failure() }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        return RedisValue(converting: reply.assumingMemoryBound(to: redisReply.self))
    }

    private func failure() -> Failure {
        let text = withUnsafeBytes(of: &self.context.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        switch self.context.pointee.err {
        case REDIS_ERR_EOF: return .closedByPeer
        case REDIS_ERR_PROTOCOL: return .malformed(text)
        default: return .socket(text)
        }
    }
}

extension RedisValue {
    /// Copies a reply of hiredis, which the caller frees.
    fileprivate init(converting reply: UnsafeMutablePointer<redisReply>) {
        switch reply.pointee.type {
        case REDIS_REPLY_STRING:
            self = .bytes(Array(reply.text))
        case REDIS_REPLY_ARRAY:
            let elements = UnsafeBufferPointer(start: reply.pointee.element, count: reply.pointee.elements)
            self = .array(elements.map { element in element.map { RedisValue(converting: $0) } ?? .null })
        case REDIS_REPLY_INTEGER:
            self = .integer(Int(reply.pointee.integer))
        case REDIS_REPLY_STATUS:
            self = .simple(String(decoding: reply.text, as: UTF8.self))
        case REDIS_REPLY_ERROR:
            self = .error(RedisServerError(message: String(decoding: reply.text, as: UTF8.self)))
        default:
            self = .null
        }
    }
}

extension UnsafeMutablePointer<redisReply> {
    fileprivate var text: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: self.pointee.str, count: self.pointee.len)
    }
}
