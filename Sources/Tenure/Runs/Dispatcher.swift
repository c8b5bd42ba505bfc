internal import Synchronization

/// Gives the node's slots to its tenants. The rules are ``SlotAllocator``'s; this shell keeps it under a lock and
/// carries the grants to the tenant schedulers.
final class Dispatcher: Sendable {
    private struct Member {
        let serial: UInt64
        var descriptor: TenantDescriptor
        let grant: @Sendable (Int) -> Void
    }

    private struct State {
        var allocator: SlotAllocator
        var members: [TenantID: Member] = [:]
        var lastSerial: UInt64 = 0
    }

    /// Names one membership: a tenant may come back while its former scheduler still ends.
    struct Membership: Sendable, Hashable {
        let tenant: TenantID
        let serial: UInt64
    }

    private let clock: MonotonicClock
    private let state: Mutex<State>

    init(runs: RunOptions, selection: any SelectionStrategy, clock: MonotonicClock) {
        self.clock = clock
        self.state = Mutex(
            State(
                allocator: SlotAllocator(
                    maxConcurrentRuns: runs.maxConcurrent,
                    maxConcurrentRunsPerTenant: runs.maxConcurrentPerTenant,
                    strategy: selection
                )
            )
        )
    }

    /// A tenant takes part.
    ///
    /// - Parameter grant: Called with slots that are the tenant's until it releases them.
    func add(_ descriptor: TenantDescriptor, grant: @escaping @Sendable (Int) -> Void) -> Membership {
        self.state.withLock { state in
            state.lastSerial += 1
            state.members[descriptor.id] = Member(serial: state.lastSerial, descriptor: descriptor, grant: grant)
            return Membership(tenant: descriptor.id, serial: state.lastSerial)
        }
    }

    /// A tenant takes part no longer; slots that it holds are released one by one as its runs end.
    func remove(_ membership: Membership) {
        self.state.withLock { state in
            guard state.members[membership.tenant]?.serial == membership.serial else { return }
            state.members[membership.tenant] = nil
            state.allocator.remove(membership.tenant)
        }
    }

    /// Says what waits, not counting what slots have been granted for.
    func setDemand(_ membership: Membership, ready: Int, dueSince: MonotonicInstant, workPriority: Int) {
        self.change { state in
            guard let member = state.members[membership.tenant], member.serial == membership.serial else { return }
            state.allocator.update(
                member.descriptor,
                ready: ready,
                dueSince: dueSince,
                workPriority: workPriority
            )
        }
    }

    /// Gives slots back: runs have ended, or there was less to claim than was granted.
    func release(_ membership: Membership, _ count: Int) {
        guard count > 0 else { return }
        self.change { $0.allocator.release(count, of: membership.tenant) }
    }

    /// Counts slots that are in use without having been granted: claims that a node found standing.
    func take(_ membership: Membership, _ count: Int) {
        self.state.withLock { $0.allocator.take(count, for: membership.tenant) }
    }

    /// Grants are carried under the lock, so that none is on its way when a member is removed.
    private func change(_ body: (inout State) -> Void) {
        let now = self.clock.now
        self.state.withLock { state in
            body(&state)
            for grant in state.allocator.grant(at: now) {
                if let member = state.members[grant.tenant] {
                    member.grant(grant.count)
                } else {
                    state.allocator.release(grant.count, of: grant.tenant)
                }
            }
        }
    }
}
