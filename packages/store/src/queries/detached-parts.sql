SELECT table, name, reason, path
FROM system.detached_parts
WHERE database = currentDatabase()
LIMIT 100
