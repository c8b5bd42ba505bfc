-- Changes a tenant; NULL leaves a column as it is, and an empty text clears the name or the node. No row if there is
-- none. $1 ID, $2 name, $3 connection string, $4 schema, $5 suspended, $6 node, $7 weight, $8 priority, $9 labels.
UPDATE __schema__.tenants AS t SET
    name = CASE WHEN $2::text IS NULL THEN t.name ELSE nullif($2, '') END,
    connection_string = coalesce($3, t.connection_string),
    schema_name = coalesce($4, t.schema_name),
    suspended = coalesce($5, t.suspended),
    pinned_node = CASE WHEN $6::text IS NULL THEN t.pinned_node ELSE nullif($6, '') END,
    weight = coalesce($7, t.weight),
    priority = coalesce($8::bigint::integer, t.priority),
    labels = coalesce($9, t.labels)
WHERE t.tenant_id = $1 AND t.is_active
RETURNING t.tenant_id
