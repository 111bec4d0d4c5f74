"""The review of a year: what the register tells of it, counted, drawn and exported without anybody's name."""
