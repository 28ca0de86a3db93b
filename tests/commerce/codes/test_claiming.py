"""Claims: who committed first becomes the owner, whatever a primary or a stranger does."""

from commerce.codes.batching import CodeDecommission
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.codes.atelier import Atelier, commitment, hidden, reveal
from tests.commerce.world import MINUTE_MS

COMMIT, REVEAL = "code.claim_commit", "code.claim_reveal"
WINDOW_MS = 10 * MINUTE_MS


def claiming_rows(atelier: Atelier) -> list[Row]:
    """The buyer commits before the friend; code 1 is dead, 2 another's, 3 not active."""
    atelier.done("merchant", ("code.decommission", CodeDecommission(atelier.batch_id, 1, 1)))
    wrong = hidden(5)
    elsewhere = atelier.member(3)
    # fmt: off
    return [
        #       sender    type    payload                            with outcome
        Attempt("buyer",  REVEAL, reveal("buyer"),                    (), "CommitUnknown"),
        Attempt("buyer",  COMMIT, commitment("buyer"),                (), "ok"),
        Attempt("buyer",  COMMIT, commitment("buyer"),                (), "CommitExists"),
        Attempt("friend", COMMIT, commitment("friend"),               (), "ok"),
        Attempt("buyer",  COMMIT, commitment("buyer", 1),             (), "ok"),
        Attempt("buyer",  REVEAL, reveal("buyer", 1),                 (), "CodeDead"),
        Attempt("buyer",  COMMIT, commitment("buyer", code=wrong),    (), "ok"),
        Attempt("buyer",  REVEAL, reveal("buyer", code=wrong),        (), "ClaimCodeWrong"),
        Attempt("friend", REVEAL, reveal("buyer"),                    (), "CommitUnknown"),
        Attempt("buyer",  REVEAL, reveal("buyer", member=elsewhere),  (), "LeafInvalid"),
        Attempt("buyer",  REVEAL, reveal("buyer"),                    (), "ok"),
        Attempt("friend", REVEAL, reveal("friend"),                   (), "EarlierCommit"),
        Attempt("friend", COMMIT, commitment("friend", 2),            (), "ok"),
        Wait(WINDOW_MS),
        Attempt("friend", REVEAL, reveal("friend", 2),                (), "CommitExpired"),
        Attempt("friend", REVEAL, reveal("friend"),                   (), "CodeClaimed"),
    ]
    # fmt: on


def test_a_claim_is_committed_to_and_then_revealed() -> None:
    atelier = Atelier()
    play(atelier, claiming_rows(atelier))
