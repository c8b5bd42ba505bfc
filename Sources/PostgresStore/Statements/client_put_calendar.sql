-- Creates or changes a calendar. $1 name, $2 what it leaves out, $3 time zone.
SELECT __schema__.put_calendar($1, $2, $3)
