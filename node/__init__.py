"""The node: the shell that waits, stores and serves around the pure core."""
