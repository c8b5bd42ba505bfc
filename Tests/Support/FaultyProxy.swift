internal import CLinux
internal import Foundation
internal import Glibc
internal import Synchronization

/// A TCP proxy on 127.0.0.1 that can cut, stall, delay and half-close the connections through it.
///
/// One thread serves all connections. Each direction holds at most ``bufferLimit`` bytes and is not read beyond that,
/// so that a stalled side is felt by the other as a full socket.
package final class FaultyProxy: Sendable {
    /// What happens to traffic, for connections that exist and those to come.
    package enum Behaviour: Sendable, Hashable {
        /// Bytes pass.
        case pass
        /// Nothing passes, in either direction; connections are accepted.
        case stall
        /// Requests pass, replies do not.
        case stallReplies
        /// Everything passes after a time.
        case delay(Duration)
        /// New connections are closed at once; those that exist go on.
        case refuse
    }

    /// A direction of a connection.
    package enum Direction: Sendable, Hashable {
        /// From the client to the server.
        case toServer
        /// From the server to the client.
        case toClient
    }

    enum Order: Sendable {
        case behave(Behaviour)
        case cut
        case halfClose(Direction)
        case stop
    }

    private struct Shared {
        var orders: [(order: Order, done: DispatchSemaphore)] = []
        var accepted = 0
        var isStopped = false
    }

    /// Bytes that are held for one direction of a connection.
    package static let bufferLimit = 256 << 10
    /// Connections at a time; further ones wait to be accepted.
    package static let connectionLimit = 512

    /// The port to connect to.
    package let port: UInt16

    private let shared = Mutex(Shared())
    private let wakeDescriptor: CInt

    /// Starts a proxy before a server on 127.0.0.1. The server need not run yet.
    package init(target: UInt16) throws {
        let (listener, port) = try Self.listen()
        self.port = port
        self.wakeDescriptor = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        let thread = Thread { self.run(FaultyProxyLoop(listener: listener, target: target)) }
        thread.name = "test-proxy"
        thread.start()
    }

    deinit {
        close(self.wakeDescriptor)
    }

    /// The number of connections that were accepted so far.
    package var acceptedCount: Int { self.shared.withLock { $0.accepted } }

    /// Changes what happens to traffic; in force when it returns.
    package func behave(_ behaviour: Behaviour) { self.give(.behave(behaviour)) }

    /// Resets all connections, losing what they hold; done when it returns.
    package func cut() { self.give(.cut) }

    /// Ends one direction of all connections, after what it holds; the other one goes on.
    package func halfClose(_ direction: Direction) { self.give(.halfClose(direction)) }

    /// Resets all connections and ends the proxy. Safe to call again.
    package func stop() { self.give(.stop) }

    private func give(_ order: Order) {
        let done = DispatchSemaphore(value: 0)
        let isStopped = self.shared.withLock { shared in
            if !shared.isStopped { shared.orders.append((order, done)) }
            return shared.isStopped
        }
        guard !isStopped else { return }
        var one: UInt64 = 1
        write(self.wakeDescriptor, &one, MemoryLayout<UInt64>.size)
        done.wait()
    }

    private func run(_ loop: FaultyProxyLoop) {
        while true {
            loop.turn(wakeDescriptor: self.wakeDescriptor)
            let orders = self.shared.withLock { shared in
                defer { shared.orders = [] }
                shared.accepted = loop.accepted
                shared.isStopped = shared.orders.contains { if case .stop = $0.order { true } else { false } }
                return shared.orders
            }
            for (order, done) in orders {
                loop.follow(order)
                done.signal()
            }
            if loop.isStopped { return }
        }
    }

    private static func listen() throws -> (CInt, UInt16) {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_INET, type, 0)
        var address = sockaddr_in.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failure = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | Glibc.listen(descriptor, 128) | getsockname(descriptor, $0, &length)
            }
        }
        guard failure == 0 else { throw ChildProcess.Failure("no proxy: \(String(cString: strerror(errno)))") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
