"""Scans: who may record them, what they must be, and what is told of copies."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

from chain.genesis import ConsensusParameters
from commerce.codes.scanning import Scan, ScanRecord
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.codes.atelier import (
    BEIJING,
    GUANGZHOU,
    SHANGHAI,
    UID,
    Atelier,
    batch,
    serial_of,
)
from tests.commerce.shop import TEA
from tests.commerce.world import DAY_MS, HOUR_MS, account

RECORD = "scan.record"
NOWHERE = bytes(32)
OTHER_UID = bytes(7)
DRIFT_MS = ConsensusParameters().clock_drift_max_ms


def recording(atelier: Atelier) -> list[Row]:
    """The inspector is a gateway, the merchant the brand; the buyer has code 5."""
    atelier.committed("buyer", 5)
    atelier.revealed("buyer", 5)
    atelier.wait(HOUR_MS)
    elsewhere = atelier.another_batch()
    plain = atelier.scan()
    silent = atelier.done("merchant", ("code.batch", replace(batch(), verifier=None)))
    silent_id = silent[0].data["batch_id"]
    assert isinstance(silent_id, bytes)
    unknown = replace(plain, serial="none")
    own = atelier.scan(5, by=account("buyer"))
    first, second = atelier.tap(7), atelier.tap(8)
    forged = replace(atelier.tap(9), counter=10)

    def at(time_ms: int) -> ScanRecord:
        return ScanRecord((replace(plain, time_ms=time_ms),))

    def tapped(scan: Scan = plain, **changes: object) -> ScanRecord:
        return ScanRecord((replace(scan, **changes),))  # type: ignore[arg-type]

    # fmt: off
    return [
        #       sender       type    payload                                                   with outcome
        Attempt("inspector", RECORD, tapped(cell="wta3"),                                       (), "CellMalformed"),
        Attempt("inspector", RECORD, tapped(serial="/", member=atelier.member(0)),              (), "SerialMalformed"),
        Attempt("inspector", RECORD, tapped(member=atelier.member(0, NOWHERE)),                 (), "CodeBatchUnknown"),
        Attempt("inspector", RECORD, tapped(member=atelier.member(1)),                          (), "LeafInvalid"),
        Attempt("inspector", RECORD, tapped(member=atelier.member(0, elsewhere)),               (), "SerialElsewhere"),
        Attempt("inspector", RECORD, tapped(unknown),                                           (), "CodeUnknown"),
        Attempt("inspector", RECORD, at(atelier.time_ms + DRIFT_MS + 1),                                   (), "ScanTimeInvalid"),
        Attempt("inspector", RECORD, at(atelier.time_ms - 7 * DAY_MS - 1),                      (), "ScanTimeInvalid"),
        Attempt("rival",     RECORD, ScanRecord((plain,)),                                      (), "NotInHand"),
        Attempt("buyer",     RECORD, ScanRecord((plain,)),                                      (), "NotInHand"),
        Attempt("buyer",     RECORD, ScanRecord((atelier.scan(5),)),                            (), "ScannerForeign"),
        Attempt("buyer",     RECORD, ScanRecord((own,)),                                        (), "ok"),
        Attempt("buyer",     RECORD, ScanRecord((own, plain)),                                  (), "NotInHand"),
        Attempt("merchant",  RECORD, ScanRecord((plain, own)),                                  (), "ok"),
        Attempt("inspector", RECORD, ScanRecord((plain, plain)),                                (), "ok"),
        Attempt("inspector", RECORD, tapped(tap=forged),                                        (), "TapUnsigned"),
        Attempt("inspector", RECORD, tapped(tap=replace(first, mac_right=False)),                 (), "TapUnsigned"),
        Attempt("inspector", RECORD, tapped(atelier.scan(1), tap=first),                        (), "TapUnsigned"),
        Attempt("inspector", RECORD, tapped(tap=first),                                         (), "ok"),
        Attempt("inspector", RECORD, tapped(tap=first),                                         (), "TapReplayed"),
        Attempt("inspector", RECORD, ScanRecord((plain, replace(plain, tap=atelier.tap(6)))),   (), "TapReplayed"),
        Attempt("inspector", RECORD, tapped(tap=atelier.tap(8, uid=OTHER_UID)),                 (), "TagElsewhere"),
        Attempt("inspector", RECORD, tapped(atelier.scan(1), tap=atelier.tap(8, 1)),            (), "TagElsewhere"),
        Attempt("inspector", RECORD, tapped(tap=second),                                        (), "ok"),
    ]
    # fmt: on


def mute(atelier: Atelier) -> list[Row]:
    """A batch without a verifier: nobody speaks for its tags."""
    made = atelier.done("merchant", ("code.batch", replace(batch(), verifier=None)))
    batch_id = made[0].data["batch_id"]
    assert isinstance(batch_id, bytes)
    scan = replace(atelier.scan(0, tap=atelier.tap(1)), member=atelier.member(0, batch_id))
    return [Attempt("inspector", RECORD, ScanRecord((scan,)), (), "VerifierMissing")]


def test_scans_are_recorded_by_gateways_the_brand_and_who_has_the_thing() -> None:
    atelier = Atelier()
    play(atelier, recording(atelier))
    assert atelier.verdict().tag_counter == 8
    assert atelier.code().tag == UID
    assert not atelier.kinds()


def test_nobody_speaks_for_the_tags_of_a_batch_without_a_verifier() -> None:
    atelier = Atelier(shown=False)
    play(atelier, mute(atelier))


def test_a_scan_shows_a_code_that_the_chain_did_not_know() -> None:
    atelier = Atelier(shown=False)
    scan = replace(atelier.scan(3), member=atelier.member(3))
    atelier.scanned(scan)
    assert (atelier.verdict(3).verdict, atelier.verdict(3).index) == ("suspect", 3)
    assert atelier.kinds(3) == ["early"]


def test_a_sign_of_copies_is_told_once_to_who_has_the_thing() -> None:
    atelier = Atelier()
    events = atelier.done(
        "inspector",
        (RECORD, ScanRecord((atelier.scan(cell=SHANGHAI), atelier.scan(cell=BEIJING)))),
    )
    assert [told.type for told in events] == ["scan.recorded", "code.suspected"]
    assert events[1].data["kinds"] == ("travel",)
    assert events[1].data["holder"] == account("merchant")
    again = atelier.done("inspector", (RECORD, ScanRecord((atelier.scan(cell=GUANGZHOU),))))
    assert [told.type for told in again] == ["scan.recorded"]


def test_five_hundred_scans_in_nine_cities_leave_a_row_of_bounded_size() -> None:
    atelier = Atelier()
    atelier.wait(HOUR_MS)
    cities = (SHANGHAI, BEIJING, GUANGZHOU, "wttf", "wtmk", "wtsq", "wt3q", "wm3y", "wqj7")
    for part in range(5):
        scans = [
            atelier.scan(cell=cities[i % 9], by=bytes([part] * 31 + [i]), ago_ms=100 - i)
            for i in range(100)
        ]
        atelier.scanned(*scans)
    code = atelier.code()
    assert code.scans == 500
    assert (len(code.seen), len(code.cells)) == (8, 8)
    assert atelier.verdict().verdict == "suspect"
    assert sorted(atelier.kinds()) == ["cells", "travel"]


def test_a_false_tag_makes_its_code_suspect_and_uses_up_no_counter() -> None:
    atelier = Atelier()
    atelier.scanned(atelier.scan(tap=atelier.tap(0, mac_right=False, uid=OTHER_UID)))
    assert atelier.kinds() == ["tag"]
    assert atelier.code().tag is None
    atelier.scanned(atelier.scan(tap=atelier.tap(0)))
    assert atelier.verdict().tag_counter == 0


def test_no_brand_speaks_for_the_tags_of_another() -> None:
    """Tags are known by their brand: who names a rival's uid first takes nothing from it."""
    atelier = Atelier()
    atelier.scanned(atelier.scan(tap=atelier.tap(5)))
    tag = atelier.code().tag
    assert tag == UID
    assert [key[:32] for key in _tags(atelier)] == [account("merchant")]


def _tags(atelier: Atelier) -> list[bytes]:
    prefix = b"code-tag/"
    return [key[len(prefix) :] for key, _ in atelier.state.scan(prefix)]


def test_the_serial_of_one_code_says_nothing_of_the_next() -> None:
    atelier = Atelier()
    atelier.scanned(atelier.scan(0, SHANGHAI), atelier.scan(1, BEIJING))
    assert not atelier.kinds(0)
    assert not atelier.kinds(1)
    assert (TEA, serial_of(1)) == (atelier.code(1).gtin, atelier.code(1).serial)
