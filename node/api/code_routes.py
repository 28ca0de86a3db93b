"""Rows of the route table: codes, their batches, reports and claims, and the consumer's page."""

from commerce.codes.errors import CodeBatchUnknown, CodeReportUnknown, CodeUnknown
from node.api import code_page, codes, paging
from node.api.routing import Route

CODES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/codes",
        "Codes of a product or of an owner, newest first",
        {200: codes.CODES_MODEL},
        read=codes.read_codes,
        parameters=(codes.OF_GTIN, codes.OF_OWNER, paging.CURSOR, paging.LIMIT),
    ),
    Route(
        "GET",
        "/v1/codes/{gtin}/{serial}",
        "The verdict on a code, in data and in words",
        {200: codes.VERDICT_MODEL},
        read=codes.read_verdict,
        parameters=(codes.GTIN, codes.SERIAL),
        problems=(CodeUnknown,),
    ),
    Route(
        "GET",
        "/v1/code-batches",
        "Batches of codes of a product or brand, newest first",
        {200: codes.BATCHES_MODEL},
        read=codes.read_batches,
        parameters=(codes.OF_GTIN, codes.OF_BRAND, paging.CURSOR, paging.LIMIT),
    ),
    Route(
        "GET",
        "/v1/code-batches/{id}",
        "A batch of codes",
        {200: codes.BATCH_MODEL},
        read=codes.read_batch,
        parameters=(codes.BATCH,),
        problems=(CodeBatchUnknown,),
    ),
    Route(
        "GET",
        "/v1/code-reports",
        "Reports of copies to a brand or about a code, newest first",
        {200: codes.REPORTS_MODEL},
        read=codes.read_reports,
        parameters=(
            codes.OF_BRAND,
            codes.OF_GTIN,
            codes.OF_SERIAL,
            paging.CURSOR,
            paging.LIMIT,
        ),
    ),
    Route(
        "GET",
        "/v1/code-reports/{id}",
        "A report of a copy",
        {200: codes.REPORT_MODEL},
        read=codes.read_report,
        parameters=(codes.REPORT,),
        problems=(CodeReportUnknown,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/claim-commits",
        "An account's commitments to claims that wait for their reveal",
        {200: codes.COMMITS_MODEL},
        read=codes.read_commits,
        parameters=(codes.ACCOUNT,),
    ),
    Route(
        "GET",
        "/v/01/{gtin}/21/{serial}",
        "The verdict on a code as a page for whoever scanned it",
        {200: "text/html", 404: "text/html"},
        read=code_page.code_page,
        parameters=(codes.GTIN, code_page.SERIAL),
        open_query=True,
    ),
)
