-- $1 name, $2 holder.
SELECT __schema__.withdraw_lease($1, $2)
