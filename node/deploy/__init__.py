"""Files to run a node with: a systemd unit, containers, Kubernetes, monitoring."""
