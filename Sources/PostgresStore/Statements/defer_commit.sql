-- The commit of this transaction does not wait for the disk. What is committed later and does wait makes it durable too.
SELECT set_config('synchronous_commit', 'off', true)
