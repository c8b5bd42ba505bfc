internal import Foundation

/// Gives a child its input and keeps the end of what it says on standard error. Blocks for a tick at most.
struct ChildFeed: ~Copyable {
    /// The longest that one ``pump()`` waits.
    private static let tickMillisecondsMax: Int32 = 50
    /// How much of standard error is kept, in bytes: as much as a run's error may hold.
    private static let errorLengthMax = 2_000

    private var inputWriter: Int32?
    private var errorReader: Int32?
    private let input: [UInt8]
    private var written = 0
    private var errorTail: [UInt8] = []
    private var tickMilliseconds: Int32 = 1

    /// Takes over the parent's ends of the pipes.
    init(pipes: ChildPipes, input: [UInt8]) {
        self.inputWriter = pipes.inputWriter
        self.errorReader = pipes.errorReader
        self.input = input
        // A child that does not read its input must cost an error code, not the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    deinit {
        for descriptor in [self.inputWriter, self.errorReader] {
            if let descriptor { close(descriptor) }
        }
    }

    /// The end of standard error as text, without line breaks around it.
    var errorText: String {
        String(decoding: self.errorTail, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Waits until there is something to do, or for a tick, and does it.
    mutating func pump() {
        var descriptors = [
            pollfd(fd: self.inputWriter ?? -1, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: self.errorReader ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        // With standard error closed, the end is near most of the time: look soon, then less and less often.
        let tick = self.errorReader == nil ? self.tickMilliseconds : Self.tickMillisecondsMax
        if self.errorReader == nil { self.tickMilliseconds = min(tick * 2, Self.tickMillisecondsMax) }
        guard poll(&descriptors, nfds_t(descriptors.count), tick) > 0 else { return }
        if descriptors[0].revents != 0 { self.writeSome() }
        if descriptors[1].revents != 0 { self.readSome() }
    }

    /// Reads what is there after the child's end. A grandchild may still hold the pipe: it is not waited for.
    mutating func drain() {
        while self.readSome() {}
    }

    private mutating func writeSome() {
        guard let writer = self.inputWriter else { return }
        if self.written < self.input.count {
            let count = self.input[self.written...].withUnsafeBytes { write(writer, $0.baseAddress, $0.count) }
            if count >= 0 {
                self.written += count
            } else if errno != EAGAIN && errno != EINTR {
                self.written = self.input.count
            }
        }
        if self.written == self.input.count {
            close(writer)
            self.inputWriter = nil
        }
    }

    /// Whether there may be more to read.
    @discardableResult
    private mutating func readSome() -> Bool {
        guard let reader = self.errorReader else { return false }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = read(reader, &buffer, buffer.count)
        if count > 0 {
            self.errorTail = (self.errorTail + buffer[..<count]).suffix(Self.errorLengthMax)
            return true
        }
        if count == 0 || (errno != EAGAIN && errno != EINTR) {
            close(reader)
            self.errorReader = nil
        }
        return false
    }
}
