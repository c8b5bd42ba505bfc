-- Revokes what the dead left and lends what the living hold. $1 epoch, $2 incarnation, $3 the living, $4 lending in ms.
SELECT __schema__.open_tenant($1, $2, $3, $4)
