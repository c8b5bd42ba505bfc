internal import RedisClient
package import TenureCore

extension RedisCoordinationStore {
    package func acquireLeadership(
        _ holder: Holder,
        highestTermSeen: Term,
        lease: Duration
    ) async throws(CoordinationError) -> LeadershipReply {
        let reply = try await self.run(
            .acquireLeadership,
            "leadership.acquire",
            [holder.description, highestTermSeen.value, Self.milliseconds(lease)]
        )
        switch try reply[0].code() {
        case 0:
            guard let leader = ReplyReader.leadership(reply[1].value, remaining: reply[2].value) else {
                throw reply.malformed()
            }
            return .held(leader)
        case 1:
            return .acquired(Term(try reply[1].number()))
        default:
            throw reply.malformed()
        }
    }

    package func renewLeadership(
        _ holder: Holder,
        term: Term,
        lease: Duration
    ) async throws(CoordinationError) -> Bool {
        try await self.run(
            .renewLeadership,
            "leadership.renew",
            ["\(holder)/\(term)", Self.milliseconds(lease)],
            urgently: true
        ).flag()
    }

    package func resignLeadership(_ holder: Holder, term: Term) async throws(CoordinationError) -> Bool {
        try await self.run(.resignLeadership, "leadership.resign", ["\(holder)/\(term)"]).flag()
    }

    package func publishTenants(
        _ upserts: [TenantDescriptor],
        removing: [TenantID],
        term: Term
    ) async throws(CoordinationError) {
        var arguments: [any RedisArgument] = [term.value, upserts.count]
        for tenant in upserts {
            arguments.append(tenant.id.description)
            arguments.append(JSONText.encode(tenant))
        }
        for tenant in removing { arguments.append(tenant.description) }
        try await self.runUnderTerm(.publishTenants, "tenants.publish", arguments)
    }

    package func apply(_ changes: PlanChanges, term: Term) async throws(CoordinationError) {
        var arguments: [any RedisArgument] = [term.value]
        func append(_ entries: [[String]]) {
            arguments.append(entries.count)
            for entry in entries { for argument in entry { arguments.append(argument) } }
        }
        func append(byTenant entries: [TenantID: String]) {
            append(entries.sorted { $0.key < $1.key }.map { [$0.key.description, $0.value] })
        }
        append(changes.lost.map { [$0.node.description, $0.incarnation.description] })
        append(byTenant: changes.void)
        append(byTenant: changes.unassign)
        append(byTenant: changes.assign.mapValues(\.description))
        append(changes.begin.map { [$0.tenant.description, JSONText.encode($0)] })
        append(changes.served.map { [$0] })
        try await self.runUnderTerm(.applyPlan, "plan.apply", arguments)
    }

    private func runUnderTerm(
        _ script: CoordinationScript,
        _ operation: String,
        _ arguments: [any RedisArgument]
    ) async throws(CoordinationError) {
        guard try await self.run(script, operation, arguments).flag() else {
            throw CoordinationError(.superseded, operation: operation)
        }
    }
}
