-- Deletes a calendar that no job uses. $1 name.
SELECT __schema__.delete_calendar($1)
