-- What a role finds on a server: versions, limits, and what it is itself.
SELECT current_setting('server_version'), current_setting('server_version_num')::integer, pg_is_in_recovery(),
    current_setting('default_transaction_read_only')::boolean, current_setting('max_connections')::integer,
    current_setting('superuser_reserved_connections')::integer,
    (SELECT count(*) FROM pg_stat_activity AS a WHERE a.backend_type = 'client backend'),
    clock_timestamp(), current_user::text, r.rolsuper, r.rolconnlimit
FROM pg_roles AS r
WHERE r.rolname = current_user
