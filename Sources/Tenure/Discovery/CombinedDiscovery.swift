/// Several discoveries as one, e.g. a static list beside a registry.
///
/// Of several entries for one tenant the one of the earliest discovery counts, and a tenant that any of them lists
/// exists, whatever another says. When one fails the whole answer is unknown: a part of the tenants is not the list.
public struct CombinedDiscovery: TenantDiscovery {
    private let parts: [any TenantDiscovery]

    /// Asks these, all at once.
    public init(_ parts: [any TenantDiscovery]) {
        self.parts = parts
    }

    /// Everybody's tenants.
    ///
    /// - Throws: What the first discovery threw that failed.
    public func discover() async throws -> DiscoveredTenants {
        let answers = try await withThrowingTaskGroup(of: (Int, DiscoveredTenants).self) { group in
            for (index, part) in self.parts.enumerated() {
                group.addTask { (index, try await part.discover()) }
            }
            var answers = [DiscoveredTenants?](repeating: nil, count: self.parts.count)
            for try await (index, answer) in group { answers[index] = answer }
            return answers.compactMap(\.self)
        }
        var tenants: [Tenant] = []
        var known: Set<TenantID> = []
        for tenant in answers.flatMap(\.tenants) where known.insert(tenant.id).inserted { tenants.append(tenant) }
        let inactive = answers.reduce(into: Set<TenantID>()) { $0.formUnion($1.inactive) }
        return DiscoveredTenants(
            tenants,
            inactive: inactive.subtracting(known),
            unreadable: answers.flatMap(\.unreadable)
        )
    }

    /// The lists of those that have one.
    public var ownTenants: OwnTenants? {
        let lists = self.parts.compactMap(\.ownTenants)
        guard !lists.isEmpty else { return nil }
        let isEverything = lists.count == self.parts.count && lists.allSatisfy(\.isEverything)
        return OwnTenants(lists.flatMap(\.tenants), isEverything: isEverything)
    }

    /// Yields when any of them does. Hints that come before the last one was taken are one.
    public func changes() -> AsyncStream<Void> {
        let streams = self.parts.map { $0.changes() }
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // SHIELD: a stream has no task of its own in which to wait for several others; this one ends with the stream.
        let merging = Task {
            await withDiscardingTaskGroup { group in
                for stream in streams {
                    group.addTask {
                        for await _ in stream { continuation.yield() }
                    }
                }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in merging.cancel() }
        return stream
    }
}
