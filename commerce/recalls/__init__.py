"""Recalls: a product is blocked in the recall's own block, and its units in flight are stopped."""
