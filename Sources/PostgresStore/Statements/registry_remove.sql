-- Removes a tenant: the row stays, marked as inactive. No row if there is none. $1 ID.
UPDATE __schema__.tenants AS t SET is_active = false WHERE t.tenant_id = $1 AND t.is_active RETURNING t.tenant_id
