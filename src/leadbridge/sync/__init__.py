"""Pull, decide, record, deliver."""
