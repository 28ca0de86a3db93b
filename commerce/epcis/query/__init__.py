"""The simple event query of EPCIS 2.0 (ISO/IEC 19987 §8.2.7): what it asks, what matches it."""
