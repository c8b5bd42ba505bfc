import InMemoryStores
import TenureCore

/// A deliberate defect: what a store or a node would do if somebody had made a well-known mistake.
package enum Defect: String, Sendable, Hashable, CaseIterable {
    /// A run is settled whether its claim stands or not.
    case completionWithoutClaim
    /// A pass is checked against an epoch that was read before a newer owner was installed.
    case epochOnOldSnapshot
    /// The fence takes an owner whose epoch is not greater.
    case fenceTakesAnyone
    /// A new owner revokes the claims of everybody else, also of those that are still there.
    case revokesFromTheLiving
    /// A new owner leaves the claims of processes that are gone alone.
    case keepsClaimsOfTheDead
    /// A claim is answered and not committed: the run starts before its claim stands.
    case startsBeforeClaim
    /// The job advances, and its occurrence is not inserted.
    case occurrenceForgotten
    /// Trust in a lease is counted from the reply instead of the request.
    case trustFromReply
    /// The elector renews whatever row there is, also another's.
    case renewsAnothersLeadership
    /// What a leader writes is not checked against the present term.
    case deposedLeaderWrites
    /// A term is not above what its holder has seen before Redis forgot.
    case termStartsAgain
    /// An epoch is not above what its holder has had before Redis forgot.
    case epochStartsAgain
    /// A lock is released whoever holds it by now.
    case releaseWithoutEpoch
    /// A heartbeat does not report locks that have been lost.
    case renewalWithoutEpoch
    /// A lock is passed on as soon as the target is ready, while the source still claims.
    case passesBeforeClaimsStop
    /// A discovery that fails answers that there are no tenants.
    case discoveryErrorDropsTenants
}

/// The defects of one simulation, as wrappers around the stores.
struct Defects {
    let active: Set<Defect>

    func has(_ defect: Defect) -> Bool { self.active.contains(defect) }

    func coordination(_ store: InMemoryCoordinationStore) -> any CoordinationStore {
        self.active.isEmpty ? store : BrokenCoordination(base: store, defects: self)
    }

    func tenant(_ store: InMemoryTenantStore, _ tenant: SimulatedTenant) -> any TenantStore {
        self.active.isEmpty ? store : BrokenTenantStore(base: store, tenant: tenant, defects: self)
    }
}
