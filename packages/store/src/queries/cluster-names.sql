SELECT DISTINCT cluster AS name FROM system.clusters ORDER BY name LIMIT 100
