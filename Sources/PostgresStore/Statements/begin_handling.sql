-- Begins the transaction of a handler. $1 batch, $2 ID, $3 how long it may idle and $4 a statement may take, in ms.
SELECT __schema__.begin_handling($1::text::uuid, $2, $3, $4)
