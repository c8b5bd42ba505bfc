-- Adds a tenant; one that was removed comes back. No row if there is one. $1 ID, $2 name, $3 connection string, $4
-- schema, $5 suspended, $6 node, $7 weight, $8 priority, $9 labels.
INSERT INTO __schema__.tenants AS t (
    tenant_id, name, connection_string, schema_name, suspended, pinned_node, weight, priority, labels)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::bigint::integer, $9)
ON CONFLICT (tenant_id) DO UPDATE SET
    name = excluded.name, connection_string = excluded.connection_string, schema_name = excluded.schema_name,
    is_active = true, suspended = excluded.suspended, pinned_node = excluded.pinned_node, weight = excluded.weight,
    priority = excluded.priority, labels = excluded.labels
WHERE NOT t.is_active
RETURNING t.tenant_id
