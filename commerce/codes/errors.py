"""Refusals about codes, scans and claims, named as the broken rule."""

from chain.errors import LedgerError


class SerialMalformed(LedgerError):
    """A code's serial has 1 to 20 letters, digits, points, dashes and underscores, a letter or
    digit first.
    """

    hint = "hushang code batch create makes serials that fit"


class LotMalformed(LedgerError):
    """A lot number has 1 to 20 letters, digits and signs of GS1's set 82, no spaces."""

    hint = "allowed signs: ! \" % & ' ( ) * + , - . / : ; < = > ? _"


class CodeBatchUnknown(LedgerError):
    """No batch of codes with this id."""

    hint = "GET /v1/code-batches?gtin=GTIN lists those of a product"


class CodeUnknown(LedgerError):
    """No code of this product and serial was shown to the chain."""

    hint = (
        "check product and serial; whoever shows a new code to the chain gives its place in its "
        "batch too"
    )


class CodeReportUnknown(LedgerError):
    """No report with this id."""

    hint = "GET /v1/codes/GTIN/SERIAL tells the reports about a code"


class LeafInvalid(LedgerError):
    """The serial and claim code are not at this place of the batch."""

    hint = "use the tree file that was made with the batch"


class SerialElsewhere(LedgerError):
    """The serial is known at another place, or in another batch of the product."""

    hint = "a serial is used once: make new codes"


class CodeRangeInvalid(LedgerError):
    """A range of codes lies within its batch, its first index is not above its last."""

    hint = "GET /v1/code-batches/ID tells how many codes the batch has, counted from 0"


class CodesActive(LedgerError):
    """Some codes of the range are active already."""

    hint = "GET /v1/code-batches/ID tells which; name the others"


class CodesDead(LedgerError):
    """Some codes of the range are decommissioned."""

    hint = "GET /v1/code-batches/ID tells which; name the others"


class CodeInactive(LedgerError):
    """The code is not active: its brand has not brought it into circulation."""

    hint = "ask the brand; nobody should have goods with this code"


class CodeDead(LedgerError):
    """The code was decommissioned by its brand."""

    hint = "the goods with this code are withdrawn; ask the brand"


class CodeClaimed(LedgerError):
    """The code was claimed: it is used up."""

    hint = "the owner passes the thing on with item.transfer"


class CodeUnclaimed(LedgerError):
    """Nobody has claimed the thing yet."""

    hint = "claim it with its hidden code first"


class CodeBound(LedgerError):
    """The code is bound to this very line of the order."""

    hint = "nothing to do"


class NotInHand(LedgerError):
    """The chain doesn't say that the sender has this thing."""

    hint = "only who has the thing speaks for it; a gateway needs its role"


class NotTheOwner(LedgerError):
    """Only its owner passes a thing on."""

    hint = "sign with the account that owns it"


class AlreadyTheOwner(LedgerError):
    """A thing is passed on to somebody else."""

    hint = "name the account of its next owner"


class GoodsMismatch(LedgerError):
    """The order's line is of another product."""

    hint = "name the line of the product that the code is of"


class ScanTimeInvalid(LedgerError):
    """A scan is not of the future, and not older than a week."""

    hint = "check the scanner's clock, and send scans as they come"


class CellMalformed(LedgerError):
    """A scan's place is a geohash of 4 characters (about 40 by 20 km)."""

    hint = "take the first 4 characters of the geohash, in small letters: wtw3 is in Shanghai"


class ScannerForeign(LedgerError):
    """Who speaks as a custodian scans by itself."""

    hint = "scanner is the sender's own account"


class VerifierMissing(LedgerError):
    """The batch has no key of a verifier of tags."""

    hint = "leave the tap out: the brand named no verifier when it made the batch"


class TapUnsigned(LedgerError):
    """The verdict on a tag is not signed by the batch's verifier."""

    hint = "hushang code sun-verify signs one with the verifier's key"


class TapReplayed(LedgerError):
    """A tag's counter only grows: this tap, or a later one, was recorded before."""

    hint = "tap the tag again; an address that was copied from an earlier tap proves nothing"


class TagElsewhere(LedgerError):
    """The tag is known on another thing, or the thing with another tag."""

    hint = "a tag belongs to one thing for good"


class CommitExists(LedgerError):
    """The account has made this very commitment."""

    hint = "reveal it, or commit with a new salt"


class TooManyCommits(LedgerError):
    """An account has only so many commitments that wait for their reveal."""

    hint = "reveal some, or wait until the oldest have run out"


class CommitUnknown(LedgerError):
    """The sender has made no such commitment, or it has run out and was forgotten."""

    hint = "commit first (hushang code claim does both), and reveal within the time"


class CommitTooYoung(LedgerError):
    """A commitment is revealed in a later block than its own."""

    hint = "wait for the next block"


class CommitExpired(LedgerError):
    """The time to reveal this commitment is over."""

    hint = "commit again, at once: the claim code is public now"


class ClaimCodeWrong(LedgerError):
    """This is not the claim code of this thing."""

    hint = "read it again: the hidden code has 24 letters and digits"


class OwnedByAnother(LedgerError):
    """A consumer owns this thing on the chain: no hidden code takes it away."""

    hint = "its owner claims it, and passes it on with item.transfer"


class EarlierCommit(LedgerError):
    """Somebody else committed to this thing's code before."""

    hint = "who committed first becomes its owner; if you had the seal intact, report it"


class CodeReportExists(LedgerError):
    """The account has reported this code, and waits for an answer."""

    hint = "wait for the brand's answer, then report anew if need be"


class TooManyReports(LedgerError):
    """As many reports about a code, or of an account, are open as may be at a time."""

    hint = "wait for the brand's answer"


class FindingUnknown(LedgerError):
    """A report is answered with COPIED or UNFOUNDED."""

    hint = "COPIED: there are copies; UNFOUNDED: the signs mean nothing"
