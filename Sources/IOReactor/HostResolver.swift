internal import Foundation
internal import Synchronization

/// Looks host names up on helper threads, since the C library can only do so by blocking.
///
/// A lookup cannot be interrupted: one that outlives its deadline goes on in the background, so their number is
/// bounded (``maximumLookups``) and one more fails at once.
package final class HostResolver: Sendable {
    /// Why a name could not be looked up.
    package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// The resolver's answer, such as "Name or service not known".
        case refused(String)
        /// There was no answer before the deadline.
        case timedOut
        /// ``HostResolver/maximumLookups`` lookups are still running.
        case busy

        package var description: String {
            switch self {
            case .refused(let reason): reason
            case .timedOut: "the lookup timed out"
            case .busy: "too many lookups are still running"
            }
        }
    }

    /// Lookups of one resolver that may run at once.
    package static let maximumLookups = 8

    private typealias Answer = Result<[SocketAddress], Failure>

    private let reactor: IOReactor
    private let running = Mutex(0)

    /// Creates a resolver whose deadlines are kept by a reactor.
    package init(reactor: IOReactor) {
        self.reactor = reactor
    }

    /// Looks up the addresses of a host, in the order in which they should be tried.
    ///
    /// Numeric hosts are answered at once, without a thread.
    ///
    /// - Throws: ``Failure``. Cancellation is not looked at: the deadline bounds the wait.
    package func addresses(
        of host: String,
        port: UInt16,
        deadline: ContinuousClock.Instant
    ) async throws(Failure) -> [SocketAddress] {
        if let address = SocketAddress(numericHost: host, port: port) { return [address] }
        guard deadline > .now else { throw .timedOut }
        guard self.admit() else { throw .busy }
        let answer: Answer = await withCheckedContinuation { continuation in
            let waiting = Waiting(continuation)
            self.reactor.perform {
                _ = self.reactor.schedule(at: deadline) { waiting.resume(.failure(.timedOut)) }
            }
            let thread = Thread {
                let answer = Self.lookUp(host, port: port)
                self.running.withLock { $0 -= 1 }
                waiting.resume(answer)
            }
            thread.name = "tenure-dns"
            thread.start()
        }
        return try answer.get()
    }

    private func admit() -> Bool {
        self.running.withLock { running in
            guard running < Self.maximumLookups else { return false }
            running += 1
            return true
        }
    }

    private static func lookUp(_ host: String, port: UInt16) -> Answer {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var first: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &first)
        guard code == 0 else { return .failure(.refused(String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(first) }
        let addresses = sequence(first: first, next: { $0?.pointee.ai_next })
            .compactMap { $0?.pointee }
            .compactMap { info in info.ai_addr.map { SocketAddress(copying: $0, length: info.ai_addrlen) } }
        return addresses.isEmpty ? .failure(.refused("no address")) : .success(addresses)
    }

    /// A continuation that the answer and the deadline race for.
    private final class Waiting: Sendable {
        private let continuation: Mutex<CheckedContinuation<Answer, Never>?>

        init(_ continuation: CheckedContinuation<Answer, Never>) {
            self.continuation = Mutex(continuation)
        }

        func resume(_ answer: Answer) {
            self.continuation.withLock { $0.take() }?.resume(returning: answer)
        }
    }
}
