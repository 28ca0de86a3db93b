"""Rules of cert.issue and cert.revoke."""

# ruff: noqa: E501 (the rule table is aligned)

from collections.abc import Callable

import pytest

from commerce.certificates import certificates
from commerce.certificates.certificates import CertIssue, CertRevoke
from commerce.rights import GcpGrant, LocationRegister
from commerce.roles import RoleGrant
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.shop import TEA, gtin
from tests.commerce.world import DAY_MS, GENESIS_MS, HOUR_MS, PREFIX, QUORUM, World, account

ISSUE, REVOKE = "cert.issue", "cert.revoke"
HASH = bytes(range(32))
NOWHERE = bytes(32)
PLACE = "6901234000009"
FOREIGN = gtin(1, "6907777")
TEA_URN, LOT = f"urn:epc:idpat:sgtin:{PREFIX}.000001.*", f"https://id.gs1.org/01/{TEA}/10/L1"
NOW, YEAR = GENESIS_MS, GENESIS_MS + 365 * DAY_MS


def cert(scope: str = TEA_URN, since_ms: int = NOW, until_ms: int = YEAR) -> CertIssue:
    """A certificate of organic tea."""
    return CertIssue(scope, "GB/T 19630-2019", since_ms, until_ms, HASH)


def granted(world: World) -> None:
    """`friend` inspects the merchant's goods only, `rival` its place only; a brand of its own is
    the inspector's, and the carrier is everywhere an inspector.
    """
    for name, scope in (("friend", f"gcp:{PREFIX}"), ("rival", f"gln:{PLACE}"), ("carrier", "")):
        world.done(
            "m0", ("role.grant", RoleGrant(account(name), "inspector", scope, None)), with_=QUORUM
        )
    own = GcpGrant("6908888", account("carrier"), None)
    world.done("regulator", ("gcp.grant", own), with_=("carrier",))
    place = LocationRegister(PLACE, account("merchant"), None)
    world.done("inspector", ("location.register", place), with_=("merchant",))


def newest(world: World) -> bytes:
    """The certificate that was issued last."""
    told = [event for receipt in world.receipts for event in receipt.events]
    made = [event.data["certificate_id"] for event in told if event.type == "cert.issued"][-1]
    assert isinstance(made, bytes)
    return made


def last(reason: str = "forged records") -> Callable[[World], CertRevoke]:
    return lambda world: CertRevoke(newest(world), reason)


# fmt: off
TABLE: list[Row] = [
    Do(granted),
    #       sender       type    payload                                              with outcome
    Attempt("inspector", ISSUE,  cert("urn:epc:id:sgtin:6901234.000001.7"),           (), "SubjectUncertifiable"),
    Attempt("inspector", ISSUE,  cert("https://id.gs1.org/01/06901234000011"),        (), "SubjectUncertifiable"),
    Attempt("inspector", ISSUE,  cert(f"urn:epc:id:sgln:{PREFIX}.00000.shelf"),       (), "SubjectUncertifiable"),
    Attempt("inspector", ISSUE,  cert("urn:example:tea"),                             (), "SubjectUncertifiable"),
    Attempt("inspector", ISSUE,  cert(since_ms=YEAR),                                 (), "CertificateNeverValid"),
    Attempt("merchant",  ISSUE,  cert(),                                              (), "RoleMissing"),
    Attempt("rival",     ISSUE,  cert(),                                              (), "RoleMissing"),
    Attempt("friend",    ISSUE,  cert(f"https://id.gs1.org/01/{FOREIGN}"),            (), "RoleMissing"),
    Attempt("inspector", ISSUE,  cert(f"https://id.gs1.org/01/{FOREIGN}"),            (), "SubjectUnheld"),
    Attempt("inspector", ISSUE,  cert(f"https://id.gs1.org/414/{gtin(1)[1:]}"),       (), "SubjectUnheld"),
    Attempt("inspector", ISSUE,  cert(since_ms=NOW - 2, until_ms=NOW),                (), "ExpiryPassed"),
    Attempt("carrier",   ISSUE,  cert(f"https://id.gs1.org/01/{gtin(1, '6908888')}"), (), "SharedController"),
    Attempt("friend",    ISSUE,  cert(),                                              (), "ok"),
    Attempt("inspector", ISSUE,  cert(LOT, NOW - DAY_MS, NOW + DAY_MS),               (), "ok"),
    Attempt("rival",     ISSUE,  cert(f"urn:epc:id:sgln:{PREFIX}.00000.0"),           (), "ok"),
    Attempt("rival",     REVOKE, CertRevoke(NOWHERE, ""),                             (), "CertificateUnknown"),
    Attempt("inspector", REVOKE, last(),                                              (), "NotTheCertifier"),
    Attempt("merchant",  REVOKE, last(),                                              (), "NotTheCertifier"),
    Wait(HOUR_MS),
    Attempt("rival",     REVOKE, last(),                                              (), "ok"),
    Attempt("regulator", REVOKE, last(),                                              (), "CertificateRevoked"),
    Attempt("friend",    ISSUE,  cert(),                                              (), "ok"),
    Attempt("regulator", REVOKE, last("no such field"),                               (), "ok"),
]

# Where an inspector has as many certificates of tea as it may have; its lots have their own.
FULL: list[Row] = [
    Do(granted),
    Attempt("friend",    ISSUE,  cert(),                                              (), "ok"),
    Attempt("friend",    ISSUE,  cert(until_ms=YEAR + 1),                             (), "TooManyCertificates"),
    Attempt("friend",    ISSUE,  cert(LOT),                                           (), "ok"),
    Attempt("inspector", ISSUE,  cert(),                                              (), "ok"),
]
# fmt: on


def test_accredited_inspectors_certify_what_is_not_their_own_and_take_it_back() -> None:
    play(World(), TABLE)


def test_an_inspector_has_so_many_certificates_of_one_thing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(certificates, "CERTIFICATES_MAX", 1)
    play(World(), FULL)


def test_what_was_issued_and_revoked_is_told() -> None:
    world = World()
    granted(world)
    (issued,) = world.done("friend", (ISSUE, cert(LOT)))
    assert issued.type == "cert.issued"
    assert (issued.data["kind"], issued.data["scope"]) == ("lot", LOT)
    assert (issued.data["issuer"], issued.data["document"]) == (account("friend"), HASH)
    revoked = CertRevoke(newest(world), "because")
    (told,) = world.done("regulator", (REVOKE, revoked))
    assert (told.type, told.data["by"]) == ("cert.revoked", account("regulator"))
    assert (told.data["reason"], told.data["scope"]) == ("because", LOT)
