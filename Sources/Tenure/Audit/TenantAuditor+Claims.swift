internal import PostgresStore
internal import TenureCore

extension TenantAuditor {
    func claims() -> [AuditFinding] {
        guard let standing = self.facts.standing else { return [] }
        return self.overlaps() + self.contents() + self.entitlement(standing) + self.stale(standing)
    }

    /// What is in one claim is in no other.
    private func overlaps() -> [AuditFinding] {
        var claimOfID: [Int64: ClaimFacts] = [:]
        var claimOfKey: [String: ClaimFacts] = [:]
        var rows: [AuditFinding.Row] = []
        for claim in self.facts.claims {
            for id in claim.ids {
                if let other = claimOfID.updateValue(claim, forKey: id) {
                    rows.append(Self.row([.init("id", .integer(id))], other, claim))
                }
            }
            for key in claim.keys {
                if let other = claimOfKey.updateValue(claim, forKey: key) {
                    rows.append(Self.row([.init("ordering_key", .string(key))], other, claim))
                }
            }
        }
        guard !rows.isEmpty else { return [] }
        let detail = "\(AuditFinding.count(rows.count, "ID or ordering key")) in two claims"
        return [self.finding(.claimedTwice, detail, rows: rows)]
    }

    /// A claim names work that is there, and holds its ordering keys.
    private func contents() -> [AuditFinding] {
        var findings: [AuditFinding] = []
        let empty = self.facts.claims.filter { !$0.missing.isEmpty }
        if !empty.isEmpty {
            let rows = empty.map { claim in
                Self.row(
                    claim,
                    [.init("missing", .string(claim.missing.prefix(20).map(String.init).joined(separator: ",")))]
                )
            }
            let detail = "\(AuditFinding.count(empty.count, "claim")) of what is no work"
            findings.append(self.finding(.claimOfNothing, detail, rows: rows))
        }
        let keyed = self.facts.claims.filter { $0.keys.sorted() != $0.keysOfWork.sorted() }
        if !keyed.isEmpty {
            let rows = keyed.map { claim in
                Self.row(
                    claim,
                    [
                        .init("keys", .string(claim.keys.prefix(20).joined(separator: ","))),
                        .init("keys_of_work", .string(claim.keysOfWork.prefix(20).joined(separator: ","))),
                    ]
                )
            }
            let detail = "\(AuditFinding.count(keyed.count, "claim")) with other ordering keys than those of the work"
            findings.append(self.finding(.claimKeys, detail, rows: rows))
        }
        return findings
    }

    /// Claims are made by the owner, while it is the owner, by the same server's clock.
    private func entitlement(_ standing: TenantStanding) -> [AuditFinding] {
        var findings: [AuditFinding] = []
        func add(_ check: AuditCheck, _ claims: [ClaimFacts], _ what: String) {
            guard !claims.isEmpty else { return }
            let detail = "\(AuditFinding.count(claims.count, "claim")) \(what)"
            findings.append(self.finding(check, detail, rows: claims.map { Self.row($0, []) }))
        }
        let claims = self.facts.claims
        add(
            .epochAboveFence,
            claims.filter { $0.epoch > standing.epoch },
            "of a later epoch than \(standing.epoch), which is installed"
        )
        add(
            .epochOfTwoNodes,
            claims.filter { $0.epoch == standing.epoch && $0.incarnation != standing.incarnation },
            "of epoch \(standing.epoch) by another than \(standing.node), for which it is installed"
        )
        let since = standing.since
        add(
            .epochOrder,
            claims.filter { $0.epoch < standing.epoch && $0.claimedAt > since.advanced(by: .seconds(1)) },
            "made under an earlier epoch after epoch \(standing.epoch) was installed"
        )
        return findings
    }

    /// A new owner revokes the claims of the lost, and those whose lending is over.
    private func stale(_ standing: TenantStanding) -> [AuditFinding] {
        self.facts.claims.compactMap { claim -> AuditFinding? in
            // Those of the present epoch, or a later one, by another are a finding of their own.
            guard claim.epoch < standing.epoch, claim.incarnation != standing.incarnation,
                let why = self.whyStale(claim, standing)
            else {
                return nil
            }
            return self.finding(
                .claimStale,
                "the claim \(claim.batch) of \(claim.node) (epoch \(claim.epoch)) \(why)",
                rows: [Self.row(claim, [])],
                persistence: claim.batch
            )
        }
    }

    private func whyStale(_ claim: ClaimFacts, _ standing: TenantStanding) -> String? {
        // Without an owner there is nobody to revoke it; that is a finding of its own.
        if self.cluster != nil, !self.isOwned { return nil }
        if let end = claim.lentUntil, end < standing.now { return "is lent no longer, and stands" }
        if let registered, !registered.contains(claim.incarnation) {
            return "stands, although that registration is gone"
        }
        if claim.lentUntil == nil, standing.since.duration(to: standing.now) > self.options.patience {
            return "was neither revoked nor lent by the owner of epoch \(standing.epoch)"
        }
        return nil
    }

    // MARK: Rows

    private static func row(_ claim: ClaimFacts, _ more: [ClusterEvent.Field]) -> AuditFinding.Row {
        var fields: [ClusterEvent.Field] = [
            .init("batch", .string(claim.batch)), .init("node", .string(claim.node)),
            .init("incarnation", .string(claim.incarnation.description)),
            .init("epoch", .integer(claim.epoch.value)),
            .init("claimed_at", .string(UTCTimestamp.text(microseconds: claim.claimedAt.microseconds))),
            .init("ids", .integer(Int64(claim.ids.count))),
        ]
        if let end = claim.lentUntil {
            fields.append(.init("lent_until", .string(UTCTimestamp.text(microseconds: end.microseconds))))
        }
        return AuditFinding.Row(fields + more)
    }

    private static func row(_ what: [ClusterEvent.Field], _ one: ClaimFacts, _ other: ClaimFacts) -> AuditFinding.Row {
        AuditFinding.Row(
            what + [
                .init("batch", .string(one.batch)), .init("node", .string(one.node)),
                .init("other_batch", .string(other.batch)), .init("other_node", .string(other.node)),
            ]
        )
    }
}
