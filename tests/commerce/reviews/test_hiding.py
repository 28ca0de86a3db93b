"""Rules of review.hide, and what its tombstone proves."""

from chain.block import OK
from chain.codec import encode
from chain.crypto import tagged_hash
from commerce.reviews.hiding import ReviewHide
from commerce.reviews.posting import ReviewAppend, ReviewPost, ReviewReply
from commerce.reviews.records import Tombstone
from commerce.roles import RoleGrant
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.reviews.reviewing import COURT, GOOD, WORDS, posted, refund_all, review_of
from tests.commerce.shop import Shop
from tests.commerce.world import QUORUM, account

HIDE = "review.hide"
WHY = "insults a person; Huangpu court, 2026-17"


def hiding(shop: Shop) -> list[Row]:
    """A review; one of a buyer who has become a regulator; a regulator of one prefix only."""
    order_id, own = posted(shop), posted(shop, buyer="friend")
    for name, scope in (("friend", ""), ("merchant", ""), ("inspector", "gcp:690123")):
        grant = RoleGrant(account(name), "regulator", scope, None)
        shop.done("m0", ("role.grant", grant), with_=QUORUM)
    hide = ReviewHide(order_id, 0, COURT, WHY)
    # fmt: off
    return [
        #       sender       type  payload                             outcome
        Attempt("buyer",     HIDE, ReviewHide(bytes(32), 0, COURT, WHY), (), "RoleMissing"),
        Attempt("inspector", HIDE, hide,                                 (), "RoleMissing"),
        Attempt("regulator", HIDE, ReviewHide(order_id, 1, COURT, WHY),  (), "ReviewUnknown"),
        Attempt("friend",    HIDE, ReviewHide(own, 0, COURT, WHY),       (), "SharedController"),
        Attempt("merchant",  HIDE, hide,                                 (), "SharedController"),
        Attempt("friend",    HIDE, hide,                                 (), "ok"),
        Attempt("merchant",  HIDE, hide,                                 (), "ReviewHidden"),
        Attempt("regulator", HIDE, ReviewHide(own, 0, COURT, WHY),       (), "ok"),
    ]
    # fmt: on


def test_a_regulator_hides_a_review_that_is_not_its_own() -> None:
    shop = Shop()
    play(shop, hiding(shop))


def after_hiding(shop: Shop) -> list[Row]:
    """What parties try with a hidden review."""
    order_id = posted(shop)
    hide = ReviewHide(order_id, 0, COURT, WHY)
    append, reply = ReviewAppend(order_id, 0, bytes(32)), ReviewReply(order_id, 0, bytes(32))
    anew = ReviewPost(order_id, 0, GOOD, WORDS)
    # fmt: off
    return [
        #       sender       type             payload  outcome
        Attempt("regulator", HIDE,            hide,   (), "ok"),
        Attempt("buyer",     "review.append", append, (), "ReviewHidden"),
        Attempt("merchant",  "review.reply",  reply,  (), "ReviewHidden"),
        Attempt("buyer",     "review.post",   anew,   (), "ReviewExists"),
    ]
    # fmt: on


def test_nobody_says_anything_under_a_tombstone_or_posts_anew() -> None:
    shop = Shop()
    play(shop, after_hiding(shop))


def test_a_tombstone_says_who_when_and_why_and_proves_what_stood_there() -> None:
    shop = Shop()
    order_id = posted(shop)
    shop.done("merchant", ("review.reply", ReviewReply(order_id, 0, bytes(32))))
    before = review_of(shop, order_id)
    shop.wait(1_000)
    (told,) = shop.done("regulator", (HIDE, ReviewHide(order_id, 0, COURT, WHY)))
    after = review_of(shop, order_id)
    stood = tagged_hash("review", encode(before))
    assert after.hidden == Tombstone(account("regulator"), shop.time_ms, COURT, WHY, stood)
    assert told.data["review"] == stood
    assert (after.scores, after.content, after.appends, after.replies) == (None, None, (), ())
    assert WORDS not in encode(after)
    assert (after.buyer, after.posted_ms) == (before.buyer, before.posted_ms)


def test_a_hidden_review_is_voided_by_a_refund_too() -> None:
    shop = Shop()
    order_id = posted(shop)
    receipt = shop.send("regulator", (HIDE, ReviewHide(order_id, 0, COURT, WHY)))
    assert receipt.status == OK
    shop.state.write(refund_all(shop, order_id).changes)
    assert review_of(shop, order_id).void_ms == shop.time_ms
    assert review_of(shop, order_id).hidden is not None
