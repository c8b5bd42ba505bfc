-- Installs a new owner. $1 epoch, $2 node, $3 incarnation.
SELECT o.installed, o.floor FROM __schema__.take_ownership($1, $2, $3) AS o
