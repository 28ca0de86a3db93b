"""The ledger core: bytes, keys, blocks, state and their execution, without I/O or a clock."""
