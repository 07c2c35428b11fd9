ALTER TABLE {{table}} ATTACH PARTITION ID '{{partition}}'
