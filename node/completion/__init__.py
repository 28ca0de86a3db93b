"""Completion scripts: the grammar as data, one writer a shell, and the values that change."""
