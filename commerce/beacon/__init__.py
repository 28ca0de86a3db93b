"""The randomness beacon: seeds that nobody can predict, bias or block (docs/adr/0090)."""
