"""PBFT as a pure replica: a function of the messages and ticks it was given."""
