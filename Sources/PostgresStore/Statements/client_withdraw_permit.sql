-- $1 name, $2 holder.
SELECT __schema__.withdraw_permit($1, $2)
