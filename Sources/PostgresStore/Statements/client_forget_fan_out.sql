-- Forgets a fan-out. $1 name.
SELECT __schema__.forget_fan_out($1)
