-- How many rows were inserted into each database of the server.
SELECT d.datname::text, d.tup_inserted FROM pg_stat_database AS d WHERE d.datname IS NOT NULL
