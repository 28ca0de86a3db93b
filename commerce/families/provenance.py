"""Provenance: what happened to goods."""

from commerce.epcis.capture import EpcisCapture, epcis_capture
from commerce.transaction_types import SystemTransition, TransactionType

TYPES = (TransactionType("epcis.capture", EpcisCapture, epcis_capture, "any"),)

TRANSITIONS: tuple[SystemTransition, ...] = ()
