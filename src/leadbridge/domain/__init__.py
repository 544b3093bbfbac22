"""The business in plain Python: no input, no output, no clock, no CRM."""
