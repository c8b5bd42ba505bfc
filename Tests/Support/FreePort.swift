internal import Foundation

/// Finds ports that nobody listens on.
package enum FreePort {
    /// A free port of 127.0.0.1 below the range from which the kernel takes ports for outgoing connections.
    ///
    /// Another process may take it before the caller does: try again with another one then.
    package static func next() throws -> UInt16 {
        for _ in 0..<200 {
            let port = UInt16.random(in: 20_000...32_000)
            if self.isFree(port) { return port }
        }
        throw ChildProcess.Failure("no free port was found")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in.loopback(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

extension sockaddr_in {
    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return address
    }
}
