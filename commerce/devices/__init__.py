"""Devices: sensors that sign their own reports, and what a broken promise of storage costs whom."""
