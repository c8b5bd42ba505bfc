internal import TenureCore

extension InMemoryTenantState {
    /// The limits as their owner keeps them.
    func limitsSnapshot(at now: ServerTime) -> LimitsSnapshot {
        let uses = self.limitUses.flatMap { limit, keys in
            keys.filter { $0.value > now }.map { LimitUse(limit: limit, key: $0.key, paidAt: $0.value) }
        }
        return LimitsSnapshot(
            definitions: self.limits.values.sorted { $0.name < $1.name },
            uses: uses.sorted { ($0.limit, $0.key) < ($1.limit, $1.key) }
        )
    }

    /// Creates or changes a limit. Returns whether that changed anything.
    mutating func put(_ limit: LimitDefinition) -> Bool {
        guard self.limits.updateValue(limit, forKey: limit.name) != limit else { return false }
        self.noteChange()
        return true
    }

    /// Deletes a limit. False if there is none.
    mutating func deleteLimit(_ name: String) -> Bool {
        guard self.limits.removeValue(forKey: name) != nil else { return false }
        self.noteChange()
        return true
    }

    /// Writes down how far rates are used up.
    mutating func note(_ uses: [LimitUse]) {
        for use in uses {
            let before = self.limitUses[use.limit]?[use.key] ?? use.paidAt
            self.limitUses[use.limit, default: [:]][use.key] = max(before, use.paidAt)
        }
    }
}
