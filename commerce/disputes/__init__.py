"""Disputes: bonded arbiters, a panel that nobody can choose, votes that nobody can copy."""
