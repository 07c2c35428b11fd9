SELECT name FROM system.settings WHERE name IN {names:Array(String)}
UNION ALL
SELECT name FROM system.merge_tree_settings WHERE name IN {names:Array(String)}
