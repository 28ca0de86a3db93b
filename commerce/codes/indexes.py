"""Secondary indexes of codes: derived keys outside the state root, which no rule reads."""

from chain.context import Context
from chain.state import u64

# brand ‖ height ‖ batch id → GTIN.
BRAND_BATCH = b"brand-code-batch/"
# GTIN, 14 digits ‖ height ‖ batch id → brand.
GTIN_BATCH = b"gtin-code-batch/"
# GTIN, 14 digits ‖ height ‖ code id → serial: codes of a product since they are known.
GTIN_CODE = b"gtin-code/"
# account ‖ height ‖ code id → empty: what it claimed or was given; the state tells whose it is.
OWNER_CODE = b"owner-code/"
# code id ‖ height ‖ report id → reporter.
CODE_REPORT = b"code-report-of/"
# brand ‖ height ‖ report id → code id.
BRAND_REPORT = b"brand-code-report/"


def index_batch(context: Context, brand: bytes, gtin: str, batch_id: bytes) -> None:
    """The batch by its brand and by its product."""
    tail = u64(context.height) + batch_id
    context.index(BRAND_BATCH + brand + tail, gtin.encode())
    context.index(GTIN_BATCH + gtin.encode() + tail, brand)


def index_code(context: Context, gtin: str, serial: str, code_id: bytes) -> None:
    """The code by its product."""
    context.index(GTIN_CODE + gtin.encode() + u64(context.height) + code_id, serial.encode())


def index_owner(context: Context, owner: bytes, code_id: bytes) -> None:
    """The code by who owns it from now on."""
    context.index(OWNER_CODE + owner + u64(context.height) + code_id, b"")


def index_report(
    context: Context, brand: bytes, reporter: bytes, code_id: bytes, report_id: bytes
) -> None:
    """The report by its code and by the brand that is to answer it."""
    tail = u64(context.height) + report_id
    context.index(CODE_REPORT + code_id + tail, reporter)
    context.index(BRAND_REPORT + brand + tail, code_id)
