"""Numbers from a snapshot of the ledger."""
