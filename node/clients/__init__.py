"""What `node.client` is made of: one core that never waits, and two ways to wait for it."""
