INSERT INTO schema_versions (version, applied_by) SELECT {version:UInt32}, {applied_by:String}
