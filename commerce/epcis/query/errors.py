"""Why a query is refused: by which parameter, and whether it is wrong or asks too much."""

from chain.errors import LedgerError


class QueryRefused(LedgerError):
    """A query has a parameter that EPCIS 2.0 doesn't know, or with a value that it can't have."""

    hint = "docs/protocol-api.md names the parameters of an EPCIS query"

    def __init__(self, message: str, parameter: str) -> None:
        super().__init__(f"{parameter[:64]}: {message}")
        self.parameter = parameter[:64]


class QueryTooLong(LedgerError):
    """A query has more parameters or values than one may have."""

    hint = "ask for fewer things at once"
