"""Checking a stopped node's data: replay, roots, comparison, export."""
