"""Reply text to record, or ReplyError. Pure functions."""
