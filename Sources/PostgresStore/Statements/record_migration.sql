-- Says that a migration was applied. $1 number, $2 name, $3 hash, $4 whether older programs cannot live with it.
INSERT INTO __schema__.migrations (number, name, sha256, breaking) VALUES ($1, $2, $3, $4)
