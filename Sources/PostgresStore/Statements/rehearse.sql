-- Prepares a session for taking over: see rehearse().
SELECT __schema__.rehearse()
