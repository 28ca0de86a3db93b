"""Every rule has a status, a title and a code that stays; nothing of ours leaks into a problem."""

import json
from collections.abc import Iterator

import pytest

from chain import errors
from chain.errors import HushangError, LedgerError
from chain.store_contract import StorageFailed
from commerce.registry import TYPES
from node.api.problems import (
    STATUSES,
    ApiProblem,
    MethodNotAllowed,
    ParameterInvalid,
    problem_json,
    rule_of,
    status_of,
)
from node.api.replies import problem_reply
from node.service import PoolFull

# The node, not the request: 5xx.
SERVER_SIDE = {"Busy", "TooManyStreams", "Internal", "NodeJoining"}


def every_rule(root: type[HushangError]) -> Iterator[type[HushangError]]:
    yield root
    for child in root.__subclasses__():
        yield from every_rule(child)


RULES = sorted(
    {rule for root in (LedgerError, ApiProblem) for rule in every_rule(root)},
    key=lambda rule: rule.__name__,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_has_a_client_status_and_a_title_in_words(rule: type[HushangError]) -> None:
    status = status_of(rule)
    assert 400 <= status < 500 or rule.__name__ in SERVER_SIDE
    told = rule_of(rule.__name__)
    assert told is not None
    assert told[0].endswith((".", "?", ":", ";", ",")) or " " in told[0]


def test_codes_are_unique_so_that_a_receipts_status_names_one_rule() -> None:
    # Tests have rules of their own, and one that loads a module again leaves both copies behind.
    product = {"chain", "commerce", "consensus", "node", "p2p"}
    places = {(rule.__module__, rule.__name__) for rule in RULES}
    names = [name for module, name in places if module.split(".")[0] in product]
    assert len(set(names)) == len(names)


def test_the_table_holds_the_door_as_documented() -> None:
    assert {rule.__name__: status for rule, status in STATUSES.items() if status < 500} == {
        "HushangError": 422,
        "JsonRefused": 400,
        "EncodingInvalid": 400,
        "TooLarge": 413,
        "KeyRefused": 400,
        "PolicyMalformed": 400,
        "AddressMalformed": 400,
        "SignaturesUnsorted": 400,
        "SignatureInvalid": 403,
        "SenderUnknown": 403,
        "PolicyNotSatisfied": 403,
        "VersionUnknown": 400,
        "OperationUnknown": 400,
        "OperationMalformed": 400,
        "TransactionRepeated": 409,
        "HistoryPruned": 410,
        "AccountUnknown": 404,
        "AssetUnknown": 404,
        "ProductUnknown": 404,
        "ListingUnknown": 404,
        "OrderUnknown": 404,
        "ParcelUnknown": 404,
        "CouponUnknown": 404,
        "LicenceUnknown": 404,
        "CardUnknown": 404,
        "RequestUnknown": 404,
        "FreezeUnknown": 404,
        "DepositUnknown": 404,
        "DrawUnknown": 404,
        "CaseUnknown": 404,
        "ClaimUnknown": 404,
        "LiabilityUnknown": 404,
        "RecallUnknown": 404,
        "CodeBatchUnknown": 404,
        "CodeReportUnknown": 404,
        "CodeUnknown": 404,
        "OfferUnknown": 404,
        "CertificateUnknown": 404,
        "DeviceUnknown": 404,
        "WatchUnknown": 404,
        "PenaltyUnknown": 404,
        "DisputeUnknown": 404,
        "ArbiterUnknown": 404,
        "ReviewUnknown": 404,
        "PoolFull": 429,
    }


def test_a_rule_without_a_row_has_its_parents_status() -> None:
    assert status_of(errors.TextNotCanonical) == 400
    assert status_of(errors.TransactionExpired) == 422
    assert status_of(StorageFailed) == 422, "but the server never answers it: it is fatal"


def test_a_problem_says_which_rule_where_and_what_to_do() -> None:
    problem = problem_json(ParameterInvalid("limit: expected a number", "query.limit"))
    assert problem["type"] == "urn:hushang:problem:ParameterInvalid"
    assert (problem["status"], problem["where"]) == (400, "query.limit")
    full = problem_json(PoolFull("no room", 2500))
    assert (full["retry_after_ms"], full["hint"]) == (2500, PoolFull.hint)
    reply = problem_reply(PoolFull("no room", 2500))
    assert (reply.status, reply.headers["Retry-After"]) == (429, "3")
    told = json.loads(reply.body)
    assert "where" not in told, "what is not known is left out"


def test_a_wrong_method_names_the_right_ones() -> None:
    assert problem_json(MethodNotAllowed(["GET", "POST"]))["detail"] == "takes GET, POST"


def test_every_refusal_that_a_type_declares_can_be_explained() -> None:
    for entry in TYPES:
        for rule in getattr(entry, "refusals", ()):
            assert rule_of(rule.__name__) is not None


def test_an_unknown_code_is_not_explained() -> None:
    assert rule_of("NoSuchRule") is None
