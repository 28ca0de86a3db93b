"""Peers: frames over mutual TLS between the members' nodes."""
