"""EPCIS 2.0 and CBV 2.0 (ISO/IEC 19987, 19988) as pure functions over received bytes.

Nothing here reads a clock, a locale, a context from the web or a float. `document.read_document`
is the door; `canonical`, `cbv_hash` and `trace` work on what it returns.
"""
