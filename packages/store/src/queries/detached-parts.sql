SELECT table, name, reason FROM system.detached_parts WHERE database = currentDatabase() LIMIT 100
