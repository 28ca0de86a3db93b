"""The ledger's commerce: every native transaction type as one pure function."""
