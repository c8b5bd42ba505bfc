internal import TenureCore

extension InMemoryTenantState {
    /// What a pass is asked for and what it answers, besides the cursors, which the store translates.
    ///
    /// - Throws: ``StoreError`` with `.fenced`, or `.rejected` for occurrences that cannot be; nothing is written then.
    mutating func pass(_ pass: ClaimPass, at now: ServerTime) throws(StoreError) -> PassResult {
        try self.assertInstalled(pass.epoch, "pass")
        let before = pass.materialise.isEmpty ? nil : self
        var materialised: [PassResult.Materialised] = []
        do throws(StoreError) {
            for request in pass.materialise {
                materialised.append(try self.materialise(request, epoch: pass.epoch, at: now))
            }
        } catch {
            let lastID = self.lastID
            if let before { self = before }
            // Numbers that were given are not given again, as those of a sequence.
            self.lastID = lastID
            throw error
        }
        let claimed = pass.claims.map { self.claim($0, epoch: pass.epoch, holder: pass.holder, at: now) }
        self.note(pass.uses)
        let found = pass.scan.map { self.scan($0, sleepUntil: pass.sleepUntil, at: now) }
        var result = PassResult(serverTime: now, jobsVersion: self.definitionsVersion)
        result.materialised = materialised
        result.claimed = claimed
        result.scan = found?.scan
        // Without a look there is nothing that a sleep could rest on.
        result.isSleepPublished = pass.sleepUntil.map { _ in found?.isAsleep ?? false }
        result.cancellations = self.sweepCancellations(at: now)
        return result
    }
}
