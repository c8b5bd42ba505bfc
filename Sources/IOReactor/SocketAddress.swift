internal import Foundation

/// An address that a stream socket can be connected to: IPv4, IPv6 or the path of a Unix socket.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    private let bytes: [UInt8]

    /// Copies an address as the C library returned it.
    init(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
        self.bytes = Array(UnsafeRawBufferPointer(start: address, count: Int(length)))
    }

    /// Creates the address of a Unix socket; `nil` if the path is empty or longer than the kernel takes (107 bytes).
    package init?(unixPath path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(path.utf8)
        guard !path.isEmpty, path.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        self.bytes = withUnsafeBytes(of: &address) { Array($0) }
    }

    /// Creates the address of a numeric host; `nil` if the host is a name.
    package init?(numericHost host: String, port: UInt16) {
        var v4 = sockaddr_in()
        if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            self.bytes = withUnsafeBytes(of: &v4) { Array($0) }
            return
        }
        var v6 = sockaddr_in6()
        guard inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 else { return nil }
        v6.sin6_family = sa_family_t(AF_INET6)
        v6.sin6_port = port.bigEndian
        self.bytes = withUnsafeBytes(of: &v6) { Array($0) }
    }

    /// The address family, such as `AF_INET`.
    package var family: CInt {
        self.bytes.withUnsafeBytes { CInt($0.loadUnaligned(as: sa_family_t.self)) }
    }

    /// The numeric form of the host, without the port; the path of a Unix socket.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(text.count)
        let failure = self.withUnsafeAddress { getnameinfo($0, $1, &text, length, nil, 0, NI_NUMERICHOST) }
        guard failure == 0 else { return "unknown address" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Starts a non-blocking connection attempt on a new socket, which is closed in programs that this one starts.
    ///
    /// - Returns: The descriptor, which the caller owns. It is writable once the attempt has ended; `SO_ERROR` says
    ///   how.
    /// - Throws: ``SocketFailure`` if the attempt failed at once.
    package func startConnecting() throws(SocketFailure) -> CInt {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(self.family, type, 0)
        guard descriptor >= 0 else { throw SocketFailure(errorNumber: errno) }
        let result = self.withUnsafeAddress { connect(descriptor, $0, $1) }
        if result == 0 || errno == EINPROGRESS { return descriptor }
        let failure = SocketFailure(errorNumber: errno)
        close(descriptor)
        throw failure
    }

    private func withUnsafeAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        // `sockaddr_storage` is aligned for every family; the array of bytes need not be.
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: self.bytes) }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(self.bytes.count)) }
        }
    }
}

/// Why the kernel refused an operation on a socket.
package struct SocketFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The value of `errno`.
    package let errorNumber: CInt

    /// Wraps a value of `errno`.
    package init(errorNumber: CInt) {
        self.errorNumber = errorNumber
    }

    /// The kernel's words for it.
    package var description: String {
        String(cString: strerror(self.errorNumber))
    }
}
