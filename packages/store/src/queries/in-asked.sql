IN (SELECT toFixedString(unhex(arrayJoin({trace_ids:Array(String)})), 16))
