-- Claims work that is about to start. $1 epoch, $2 batch, $3 node, $4 incarnation, $5 IDs, $6 whether it is a suspect.
SELECT __schema__.claim($1, $2::text::uuid, $3, $4, $5, $6)
