internal import Foundation

/// Writes lines to standard output and standard error, each in one piece.
enum StandardStreams {
    /// Writes a line to standard output. A reader that has gone away is no error: nobody is there to be told.
    static func write(_ line: String) {
        self.write(line, to: STDOUT_FILENO)
    }

    /// Writes a line to standard error.
    static func writeError(_ line: String) {
        self.write(line, to: STDERR_FILENO)
    }

    private static func write(_ line: String, to descriptor: Int32) {
        var bytes = ContiguousArray(line.utf8)[...]
        bytes.append(UInt8(ascii: "\n"))
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                var descriptors = [pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)]
                poll(&descriptors, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
