-- Says that a group gets no further members. $1 ID.
SELECT __schema__.seal_group($1)
