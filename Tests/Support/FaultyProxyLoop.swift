internal import CLinux
internal import Foundation
internal import Glibc

/// The connections of a ``FaultyProxy``. Only touched on its thread.
final class FaultyProxyLoop {
    /// One direction of a connection: what was read from one socket and is due at the other.
    private struct Flow {
        let direction: FaultyProxy.Direction
        var chunks: [(due: ContinuousClock.Instant, bytes: ArraySlice<UInt8>)] = []
        var count = 0
        /// No more comes in; what is held still goes out.
        var isEnding = false
        /// The end has been passed on.
        var hasEnded = false
    }

    private final class Connection {
        let client: CInt
        let server: CInt
        var toServer = Flow(direction: .toServer)
        var toClient = Flow(direction: .toClient)
        var isBroken = false
        var isFinished = false

        init(client: CInt, server: CInt) {
            self.client = client
            self.server = server
        }

        /// Resets both sides, as a router does that has lost the connection.
        func reset() {
            var linger = linger(l_onoff: 1, l_linger: 0)
            for descriptor in [self.client, self.server] {
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
            }
            self.close()
        }

        func close() {
            for descriptor in [self.client, self.server] { Glibc.close(descriptor) }
        }
    }

    private let listener: CInt
    private let target: UInt16
    private var connections: [Connection] = []
    private var behaviour = FaultyProxy.Behaviour.pass
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    private(set) var accepted = 0
    private(set) var isStopped = false

    init(listener: CInt, target: UInt16) {
        self.listener = listener
        self.target = target
    }

    func follow(_ order: FaultyProxy.Order) {
        switch order {
        case .behave(let behaviour):
            self.behaviour = behaviour
        case .cut:
            // What the kernel has completed belongs to the connections that are cut.
            self.accept()
            self.resetAll()
        case .halfClose(let direction):
            for connection in self.connections {
                switch direction {
                case .toServer: connection.toServer.isEnding = true
                case .toClient: connection.toClient.isEnding = true
                }
            }
        case .stop:
            self.resetAll()
            close(self.listener)
            self.isStopped = true
        }
    }

    /// Waits for something to happen and deals with it.
    func turn(wakeDescriptor: CInt) {
        let now = ContinuousClock.now
        var entries = [
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(
                fd: self.connections.count < FaultyProxy.connectionLimit ? self.listener : -1,
                events: Int16(POLLIN),
                revents: 0
            ),
        ]
        for connection in self.connections {
            entries.append(self.entry(connection.client, reads: connection.toServer, writes: connection.toClient, now))
            entries.append(self.entry(connection.server, reads: connection.toClient, writes: connection.toServer, now))
        }
        guard poll(&entries, nfds_t(entries.count), self.timeout(now)) >= 0 else { return }
        var count: UInt64 = 0
        if entries[0].revents != 0 { read(wakeDescriptor, &count, MemoryLayout<UInt64>.size) }
        for (index, connection) in self.connections.enumerated() {
            if entries[2 + 2 * index].revents != 0 { self.receive(connection.client, &connection.toServer, connection) }
            if entries[3 + 2 * index].revents != 0 { self.receive(connection.server, &connection.toClient, connection) }
        }
        let later = ContinuousClock.now
        for connection in self.connections {
            self.deliver(&connection.toServer, to: connection.server, connection, later)
            self.deliver(&connection.toClient, to: connection.client, connection, later)
            if connection.toServer.hasEnded, connection.toClient.hasEnded { connection.isFinished = true }
        }
        for connection in self.connections where connection.isBroken { connection.reset() }
        for connection in self.connections where connection.isFinished && !connection.isBroken { connection.close() }
        self.connections.removeAll { $0.isBroken || $0.isFinished }
        if entries[1].revents != 0 { self.accept() }
    }

    private func entry(_ descriptor: CInt, reads: Flow, writes: Flow, _ now: ContinuousClock.Instant) -> pollfd {
        var events: Int32 = 0
        if !reads.isEnding, reads.count < FaultyProxy.bufferLimit { events |= POLLIN }
        if let first = writes.chunks.first, first.due <= now, self.passes(writes.direction) { events |= POLLOUT }
        // A descriptor of which nothing is wanted would still report hang-ups, again and again.
        return pollfd(fd: events == 0 ? -1 : descriptor, events: Int16(events), revents: 0)
    }

    private func timeout(_ now: ContinuousClock.Instant) -> CInt {
        guard self.behaviour != .stall else { return -1 }
        let due = self.connections
            .flatMap { [$0.toServer, $0.toClient] }
            .filter { self.passes($0.direction) }
            .compactMap { $0.chunks.first?.due }
            .filter { $0 > now }
            .min()
        guard let due else { return -1 }
        let components = (due - now).components
        return CInt(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 + 1)
    }

    private func passes(_ direction: FaultyProxy.Direction) -> Bool {
        switch self.behaviour {
        case .pass, .delay, .refuse: true
        case .stall: false
        case .stallReplies: direction == .toServer
        }
    }

    private func receive(_ descriptor: CInt, _ flow: inout Flow, _ connection: Connection) {
        guard !flow.isEnding, flow.count < FaultyProxy.bufferLimit else { return }
        let count = read(descriptor, &self.buffer, self.buffer.count)
        if count > 0 {
            var due = ContinuousClock.now
            if case .delay(let duration) = self.behaviour { due += duration }
            flow.chunks.append((due, self.buffer[..<count]))
            flow.count += count
        } else if count == 0 {
            flow.isEnding = true
        } else if errno != EAGAIN, errno != EINTR {
            connection.isBroken = true
        }
    }

    private func deliver(
        _ flow: inout Flow,
        to descriptor: CInt,
        _ connection: Connection,
        _ now: ContinuousClock.Instant
    ) {
        guard self.passes(flow.direction) else { return }
        while let first = flow.chunks.first, first.due <= now {
            let sent = first.bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard sent > 0 else {
                if errno != EAGAIN, errno != EINTR { connection.isBroken = true }
                return
            }
            flow.count -= sent
            if sent == first.bytes.count {
                flow.chunks.removeFirst()
            } else {
                flow.chunks[0].bytes = first.bytes.dropFirst(sent)
            }
        }
        if flow.isEnding, flow.chunks.isEmpty, !flow.hasEnded {
            shutdown(descriptor, CInt(SHUT_WR))
            flow.hasEnded = true
        }
    }

    private func accept() {
        while self.connections.count < FaultyProxy.connectionLimit {
            let client = Glibc.accept(self.listener, nil, nil)
            guard client >= 0 else { return }
            _ = fcntl(client, F_SETFL, O_NONBLOCK)
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            self.accepted += 1
            guard self.behaviour != .refuse, let server = self.connectToTarget() else {
                close(client)
                continue
            }
            var on: CInt = 1
            for descriptor in [client, server] {
                setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
            }
            self.connections.append(Connection(client: client, server: server))
        }
    }

    private func connectToTarget() -> CInt? {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in.loopback(self.target)
        // Blocks, but on the loopback interface the kernel answers at once.
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private func resetAll() {
        for connection in self.connections { connection.reset() }
        self.connections = []
    }
}
