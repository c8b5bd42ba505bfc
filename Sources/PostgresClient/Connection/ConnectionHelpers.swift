internal import IOReactor

/// What connections share: their thread, and those for calls that block.
struct ConnectionHelpers: Sendable {
    let reactor: IOReactor
    let resolver: HostResolver
    let threads: BlockingThreads

    init(reactor: IOReactor) {
        self.reactor = reactor
        self.resolver = HostResolver(reactor: reactor)
        self.threads = BlockingThreads()
    }
}
