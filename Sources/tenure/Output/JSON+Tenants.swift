internal import Tenure
internal import TenureCore

extension JSON {
    /// A tenant of the registry; passwords in its connection string are hidden.
    static func tenant(_ registered: RegisteredTenant) -> JSON {
        let tenant = registered.tenant
        return .object([
            "id": .string(tenant.id.description),
            "name": .string(orNull: registered.name),
            "connection": .string(SecretMask.apply(tenant.connection)),
            "schema": .string(tenant.schema),
            "active": .boolean(registered.isActive),
            "suspended": .boolean(tenant.isSuspended),
            "pinned_node": .string(orNull: tenant.pinnedNode?.description),
            "weight": .number(tenant.weight),
            "priority": .integer(tenant.priority),
            "labels": .labels(tenant.labels),
            "created_at": .time(registered.createdAt),
            "updated_at": .time(registered.updatedAt),
        ])
    }

    /// Where a tenant stands, as its database tells.
    static func status(_ status: TenantStatus) -> JSON {
        .object([
            "owner": .string(orNull: status.node.isEmpty ? nil : status.node),
            "epoch": .integer(status.epoch.value),
            "since": .time(status.since),
            "pending": .integer(status.pending),
            "due": .integer(status.due),
            "running": .integer(status.running),
            "dead_letters": .integer(status.deadLetters),
            "lag_ms": .integer(
                status.earliestDue.map { max(.zero, $0.duration(to: status.serverTime)).milliseconds } ?? 0
            ),
        ])
    }
}
