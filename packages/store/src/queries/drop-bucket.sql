ALTER TABLE {{table}} DROP PARTITION tuple(toDateTime({bucket:UInt32}, 'UTC'))
