-- $1 name, $2 token, $3 duration in milliseconds.
SELECT __schema__.renew_permit($1, $2, $3 * interval '1 millisecond')
