"""The REST binding of EPCIS 2.0 (ISO/IEC 19987 §12) under /v1/epcis: capture and query."""
