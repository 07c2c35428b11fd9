SELECT name, data_paths[1] AS path
FROM system.tables
WHERE database = currentDatabase() AND name IN {tables:Array(String)}
