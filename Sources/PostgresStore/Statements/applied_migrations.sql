-- What has been applied to the schema.
SELECT m.number, m.name, m.sha256, m.breaking FROM __schema__.migrations AS m ORDER BY m.number
