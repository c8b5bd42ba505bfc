-- Tenants. $1 an ID, or NULL for all; $2 whether removed ones count.
SELECT t.tenant_id, t.name, t.connection_string, t.schema_name, t.is_active, t.suspended, t.pinned_node, t.weight,
    t.priority, t.labels::text, t.created_at, t.updated_at
FROM __schema__.tenants AS t
WHERE ($1::text IS NULL OR t.tenant_id = $1) AND ($2 OR t.is_active)
ORDER BY t.tenant_id
