"""The HTTP edge of a node: REST and events under /v1, health, metrics. Writes nothing itself."""
