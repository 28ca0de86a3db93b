"""A measured load: signed beforehand, offered by a process of its own, checked on every node."""
