"""Rows of the EPCIS binding that write: capture, subscriptions, tokens."""

from node.api.epcis.rows import ExtraHeaders
from node.api.routing import Route

# Paths are below /v1/epcis; `routes.py` makes each a row of the binding.
CAPTURE: tuple[Route, ...] = ()
# What OPTIONS tells of these paths besides what it tells of all.
CAPTURE_DISCOVERY: ExtraHeaders = {}
