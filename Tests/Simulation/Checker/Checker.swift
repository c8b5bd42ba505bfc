import InMemoryStores
import Tenure
import TenureCore

/// Looks at every step of a simulated cluster and reports what a promise rules out.
///
/// What rests on Redis alone (one leader, one holder of a lock) is demanded for as long as Redis keeps its data: a
/// server that lost them, or whose clock jumped, begins another account. What rests on Postgres is demanded always.
final class Checker: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    /// The first one counts: what follows may follow from it.
    private(set) var violation: Violation?
    private let loop: SimulationLoop

    /// The account of one data set of Redis.
    private struct Account {
        var term: Term = .none
        var leader: Holder?
        var epochs: [TenantID: (epoch: Epoch, holder: Holder)] = [:]
    }

    private var accounts: [Int: Account] = [:]
    private var decidedMoves: Set<String> = []
    private var passedMoves: Set<String> = []
    /// Tenants that the discovery has called gone.
    var removedTenants: Set<TenantID> = []
    /// While the clock of Redis has just jumped, its leases mean nothing.
    var leasesHoldFrom = MonotonicInstant.zero
    var redis: (() -> RedisServer)?
    /// Locks that were given to somebody who did not hold them.
    private(set) var takeovers = 0
    /// Locks that were passed on.
    private(set) var moves = 0
    private(set) var elections = 0

    init(_ loop: SimulationLoop) { self.loop = loop }

    func report(_ invariant: Violation.Invariant, _ tenant: TenantID?, _ detail: String) {
        guard self.violation == nil else { return }
        self.violation = Violation(invariant: invariant, detail: detail, tenant: tenant?.description)
        self.loop.note("VIOLATION", 0, "\(invariant.rawValue): \(detail)")
    }

    // MARK: Membership

    /// Whether everybody can know that a registration stands: Redis has it, and has kept its data for a while.
    func isKnown(_ holder: Holder) -> Bool {
        guard let redis = self.redis?(), self.loop.now >= self.leasesHoldFrom else { return false }
        return redis.hasKeptData(for: .seconds(10))
            && redis.primary.store.registration(of: holder.node) == holder.incarnation
    }

    // MARK: Leadership

    func acquired(_ term: Term, by holder: Holder, above seen: Term, in set: RedisServer.DataSet) {
        var account = self.accounts[set.number] ?? Account()
        let isRepeated = term == account.term && holder == account.leader
        if !isRepeated, term <= account.term || term <= seen {
            self.report(.termWentBack, nil, "\(holder) was given term \(term), after \(account.term) and seen \(seen)")
        }
        if !isRepeated { self.elections += 1 }
        account.term = max(account.term, term)
        account.leader = holder
        self.accounts[set.number] = account
    }

    /// A leader's writing was accepted.
    func wrote(under term: Term, in set: RedisServer.DataSet, by process: SimulatedProcess) {
        guard let account = self.accounts[set.number], account.term > term else { return }
        self.report(.staleTerm, nil, "\(process) wrote under term \(term), and \(account.term) is the newest")
    }

    /// At most one node trusts that it leads.
    func checkLeaders(_ processes: [SimulatedProcess]) {
        guard let redis = self.redis?(), self.loop.now >= self.leasesHoldFrom else { return }
        var leader: (process: SimulatedProcess, term: Term)?
        for process in processes where process.isAlive && process.leadershipFrom == redis.primary.number {
            guard let term = process.runtime?.trustedTerm else { continue }
            if let leader {
                self.report(
                    .twoLeaders,
                    nil,
                    "\(leader.process) under term \(leader.term) and \(process) under \(term) both trust that they lead"
                )
            }
            leader = (process, term)
        }
    }

    func removed(_ tenants: [TenantID], by process: SimulatedProcess) {
        for tenant in tenants where !self.removedTenants.contains(tenant) {
            self.report(.tenantDropped, tenant, "\(process) removed tenant \(tenant), which exists")
        }
    }

    // MARK: Locks and moves

    func acquired(
        _ tenant: TenantID,
        _ epoch: Epoch,
        by holder: Holder,
        above floor: Epoch,
        in set: RedisServer.DataSet
    ) {
        let last = self.accounts[set.number]?.epochs[tenant]
        let isRepeated = last.map { $0.epoch == epoch && $0.holder == holder } ?? false
        if !isRepeated, let last, epoch <= last.epoch {
            self.report(.epochWentBack, tenant, "\(holder) got the lock under epoch \(epoch), after \(last.epoch)")
        }
        if !isRepeated { self.takeovers += 1 }
        if epoch <= floor {
            self.report(.epochWentBack, tenant, "\(holder) got the lock under epoch \(epoch), and knows \(floor)")
        }
        self.accounts[set.number, default: Account()].epochs[tenant] = (epoch, holder)
    }

    func planned(_ changes: PlanChanges) {
        for move in changes.begin { self.decidedMoves.insert(move.id + "/" + move.tenant.description) }
    }

    func passed(_ tenant: TenantID, move: String, from: Epoch, to: Epoch, in set: RedisServer.DataSet) {
        self.moves += 1
        let key = move + "/" + tenant.description
        if !self.decidedMoves.contains(key) {
            self.report(.movedWithoutDecision, tenant, "tenant \(tenant) moved by \(move), which nobody decided")
        }
        if !self.passedMoves.insert(key + "#\(set.number)").inserted {
            self.report(.movedWithoutDecision, tenant, "tenant \(tenant) moved twice by \(move)")
        }
        if to <= from {
            self.report(.epochWentBack, tenant, "the lock of \(tenant) was passed from epoch \(from) to \(to)")
        }
        if let lock = set.store.lock(of: tenant) {
            self.accounts[set.number, default: Account()].epochs[tenant] = (to, lock.holder)
        }
    }

    /// A process is about to claim: it must hold the tenant's lock at this moment, by the present Redis, if its trust
    /// rests on the present data.
    func claims(_ pass: ClaimPass, of tenant: SimulatedTenant, by process: SimulatedProcess) {
        guard !pass.claims.isEmpty || !pass.materialise.isEmpty, process.isAlive,
            let redis = self.redis?(), self.loop.now >= self.leasesHoldFrom,
            process.locksFrom[tenant.id] == redis.primary.number,
            // One that was paused may have looked at its lease before: what it sends now is for the fence to refuse.
            self.loop.now >= process.continuedAt.advanced(by: .milliseconds(50)),
            let lock = redis.primary.store.lock(of: tenant.id)
        else { return }
        if lock.holder != pass.holder {
            self.report(
                .claimWithoutLock,
                tenant.id,
                "\(process) claims under epoch \(pass.epoch), and \(lock.holder) holds the lock under \(lock.epoch)"
            )
        }
    }
}
