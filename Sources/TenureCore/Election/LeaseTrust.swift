/// Until when this node may trust each lock that it holds.
///
/// Trust is counted on the holder's own clock from *before* the request that took or renewed the lock was sent, less a
/// safety margin, so that it ends before the store would give the lock to anybody else. It is asked before every claim
/// pass; what rests on it is liveness and good order: Postgres refuses a claim under an old epoch anyway.
package struct LeaseTrust: Sendable {
    private struct Entry: Sendable {
        var epoch: Epoch
        var trustedUntil: MonotonicInstant
    }

    private let lockDuration: Duration
    private let safetyMargin: Duration
    private var entries: [TenantID: Entry] = [:]

    /// Trust in locks of this duration.
    package init(lockDuration: Duration, safetyMargin: Duration) {
        self.lockDuration = lockDuration
        self.safetyMargin = safetyMargin
    }

    /// A lock was taken by a request that was sent after `requestedAt`.
    ///
    /// For a lock that another node passed to this one, `requestedAt` is the start of this node's last request that is
    /// known to have come before: the one that reported it ready.
    package mutating func acquired(_ tenant: TenantID, epoch: Epoch, requestedAt: MonotonicInstant) {
        var trustedUntil = self.end(of: requestedAt)
        if let present = self.entries[tenant] {
            if present.epoch > epoch { return }
            if present.epoch == epoch { trustedUntil = max(trustedUntil, present.trustedUntil) }
        }
        self.entries[tenant] = Entry(epoch: epoch, trustedUntil: trustedUntil)
    }

    /// A heartbeat renewed locks: those that it named, under exactly these epochs, and did not report as lost.
    ///
    /// A renewal may revive trust that had run out: the store has given the lock to nobody in between.
    package mutating func renewed(_ locks: [TenantID: Epoch], except lost: [TenantID], requestedAt: MonotonicInstant) {
        let end = self.end(of: requestedAt)
        let lost = Set(lost)
        for (tenant, epoch) in locks where !lost.contains(tenant) {
            guard let entry = self.entries[tenant], entry.epoch == epoch, entry.trustedUntil < end else { continue }
            self.entries[tenant]?.trustedUntil = end
        }
    }

    /// The lock is no longer this node's: released, passed on, or lost. Nothing when it is held under a newer epoch.
    package mutating func ended(_ tenant: TenantID, epoch: Epoch) {
        guard let entry = self.entries[tenant], entry.epoch <= epoch else { return }
        self.entries[tenant] = nil
    }

    /// No lock is this node's any more.
    package mutating func endedAll() {
        self.entries = [:]
    }

    /// Whether this node may act as the owner of a tenant under an epoch.
    package func isTrusted(_ tenant: TenantID, epoch: Epoch, at now: MonotonicInstant) -> Bool {
        guard let entry = self.entries[tenant] else { return false }
        return entry.epoch == epoch && now < entry.trustedUntil
    }

    /// Until when a tenant's lock is trusted; `nil` when it is not held.
    package func trustedUntil(_ tenant: TenantID) -> MonotonicInstant? {
        self.entries[tenant]?.trustedUntil
    }

    /// Locks whose trust has run out, ordered by tenant. They stay here until they are renewed or end.
    package func expired(at now: MonotonicInstant) -> [TenantID] {
        self.entries.filter { $0.value.trustedUntil <= now }.keys.sorted()
    }

    /// When the next trust that still stands at `now` runs out, unless renewed.
    package func nextDeadline(after now: MonotonicInstant) -> MonotonicInstant? {
        self.entries.values.lazy.map(\.trustedUntil).filter { $0 > now }.min()
    }

    /// The locks that are held, for the next heartbeat.
    package var locks: [TenantID: Epoch] { self.entries.mapValues(\.epoch) }

    private func end(of requestedAt: MonotonicInstant) -> MonotonicInstant {
        requestedAt.advanced(by: self.lockDuration).advanced(by: .zero - self.safetyMargin)
    }
}
