-- Partitions ahead, old ones dropped. $1 epoch, $2 retention in ms.
SELECT __schema__.maintain($1, $2 * interval '1 millisecond')
