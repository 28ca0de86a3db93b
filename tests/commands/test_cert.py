"""Certificates, as an inspector types them."""

from datetime import datetime
from pathlib import Path

import pytest

from chain.crypto import sha256
from commerce.timers import DAY_MS
from node.commands.cert import scope_of, today_ms
from node.commands.failures import UsageWrong
from tests.commands.conftest import Shop

NO_ID = "00" * 32
GTIN, GLN = "06901234029017", "6901234000009"
HASH = ("--content", "ab" * 32)
STANDARD = ("--standard", "GB/T 19630-2019")
UNTIL = ("--until", "2099-12-31")


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_a_certificate_is_issued_looked_at_listed_and_revoked(shop: Shop, tmp_path: Path) -> None:
    paper = tmp_path / "certificate.pdf"
    paper.write_bytes(b"%PDF of an inspector")
    words = ("cert", "issue", "--gtin", GTIN, *STANDARD, "--from", "2026-01-01", *UNTIL)
    made = shop.ok(*words, "--file", str(paper), "--as", "inspector").json["certificate_id"]
    shown = shop.ok("cert", "show", made).json
    assert (shown["kind"], shown["key"], shown["standing"]) == ("product", GTIN, "valid")
    assert shown["document"] == sha256(b"%PDF of an inspector").hex()
    assert shown["valid_from_ms"] == _ms("2026-01-01T00:00:00+08:00")
    assert shown["valid_until_ms"] == _ms("2100-01-01T00:00:00+08:00") - 1
    lot = ("--gtin", GTIN, "--lot", "L-1")
    of_lot = shop.ok("cert", "issue", *lot, *STANDARD, *UNTIL, *HASH, "--as", "inspector").json
    found = shop.ok("cert", "list", *lot).json
    assert [entry["certificate_id"] for entry in found] == [of_lot["certificate_id"]]
    for query in (("--gtin", GTIN), ("--issuer", "inspector")):
        listed = [entry["certificate_id"] for entry in shop.ok("cert", "list", *query).json]
        assert listed[:2] == [of_lot["certificate_id"], made]
    revoke = ("cert", "revoke", made, "--reason", "forged records")
    assert shop.refused(*revoke, "--as", "merchant") == (7, "NotTheCertifier")
    shop.ok(*revoke, "--as", "inspector")
    assert shop.refused(*revoke, "--as", "inspector") == (7, "CertificateRevoked")
    assert shop.ok("cert", "show", made).json["standing"] == "revoked"
    assert "forged records" in shop.run("cert", "show", made).out.decode()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("cert", "show", NO_ID), (3, "CertificateUnknown")),
        (("cert", "show", "xyz"), (2, "FormRefused")),
        (("cert", "list"), (2, "UsageWrong")),
        (("cert", "list", "--lot", "L-1"), (2, "UsageWrong")),
        (("cert", "list", "--gtin", GTIN, "--gln", GLN), (2, "UsageWrong")),
        (("cert", "issue", *STANDARD, *UNTIL, *HASH, "--as", "inspector"), (2, "UsageWrong")),
        (
            ("cert", "issue", "--gtin", GTIN, *STANDARD, *UNTIL, "--as", "inspector"),
            (2, "UsageWrong"),
        ),
        (
            ("cert", "issue", "--gtin", GTIN, *STANDARD, "--until", "soon", *HASH),
            (2, "UsageWrong"),
        ),
        (
            ("cert", "issue", "--gtin", GTIN, *STANDARD, *UNTIL, *HASH, "--as", "merchant"),
            (7, "RoleMissing"),
        ),
        (
            ("cert", "issue", "--gln", GLN, *STANDARD, *UNTIL, *HASH, "--as", "inspector"),
            (7, "SubjectUnheld"),
        ),
        (("cert", "revoke", NO_ID, "--reason", "", "--as", "inspector"), (7, "CertificateUnknown")),
    ],
)
def test_what_makes_no_sense_has_its_exit_code(
    shop: Shop, words: tuple[str, ...], code: tuple[int, str]
) -> None:
    assert shop.refused(*words) == code


@pytest.mark.parametrize(
    ("gtin", "lot", "gln"),
    [
        (None, None, None),
        (GTIN, None, GLN),
        (None, "L-1", GLN),
        (GTIN[1:], None, None),
        (GTIN[:-1] + "8", None, None),
        (None, None, "690123400000a"),
        (GTIN, "a lot of more than twenty characters", None),
    ],
)
def test_one_thing_is_certified(gtin: str | None, lot: str | None, gln: str | None) -> None:
    with pytest.raises(UsageWrong):
        scope_of(gtin, lot, gln)


def test_a_certificate_without_a_first_day_holds_from_the_morning_in_shanghai() -> None:
    evening_ms = _ms("2026-04-01T23:59:59+08:00")
    assert today_ms(evening_ms) == _ms("2026-04-01T00:00:00+08:00")
    assert today_ms(evening_ms + 1000) - today_ms(evening_ms) == DAY_MS
