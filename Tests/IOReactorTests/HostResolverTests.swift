import Foundation
import IOReactor
import Testing

@Suite("HostResolver", .timeLimit(.minutes(1)))
struct HostResolverTests {
    @Test("Numeric addresses are answered as they are", arguments: ["127.0.0.1", "::1", "2001:db8::7"])
    func numeric(host: String) async throws {
        let reactor = IOReactor()
        defer { reactor.shutdown() }
        let resolver = HostResolver(reactor: reactor)

        let addresses = try await resolver.addresses(of: host, port: 80, deadline: .now + .seconds(10))

        #expect(addresses.map(\.description) == [host])
    }

    @Test("A name is looked up")
    func name() async throws {
        let reactor = IOReactor()
        defer { reactor.shutdown() }
        let resolver = HostResolver(reactor: reactor)

        let addresses = try await resolver.addresses(of: "localhost", port: 80, deadline: .now + .seconds(10))

        #expect(addresses.contains { ["127.0.0.1", "::1"].contains($0.description) })
    }

    @Test("A name that does not exist is refused with the resolver's words")
    func unknownName() async {
        let reactor = IOReactor()
        defer { reactor.shutdown() }
        let resolver = HostResolver(reactor: reactor)

        await #expect(throws: HostResolver.Failure.self) {
            try await resolver.addresses(of: "no such host", port: 80, deadline: .now + .seconds(20))
        }
    }

    @Test("A lookup ends at its deadline")
    func deadline() async {
        let reactor = IOReactor()
        defer { reactor.shutdown() }
        let resolver = HostResolver(reactor: reactor)

        await #expect(throws: HostResolver.Failure.timedOut) {
            try await resolver.addresses(of: "localhost", port: 80, deadline: .now - .seconds(1))
        }
    }

    @Test("Paths of Unix sockets are limited by the kernel")
    func unixPaths() {
        #expect(SocketAddress(unixPath: "/run/redis.sock")?.family == AF_UNIX)
        #expect(SocketAddress(unixPath: String(repeating: "x", count: 107)) != nil)
        #expect(SocketAddress(unixPath: String(repeating: "x", count: 108)) == nil)
        #expect(SocketAddress(unixPath: "") == nil)
    }
}
