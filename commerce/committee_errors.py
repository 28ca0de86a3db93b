"""The rules of the committee and of evidence against its members; see `commerce.errors`.

In order of precedence inside a handler, like there.
"""

from chain.errors import LedgerError

# Format: what the payload's types don't say.


class AccountsUnsorted(LedgerError):
    """The accounts of each list ascend, and none stands in two of them."""

    hint = (
        "sort each list by account and name each account in one list; hushang committee change does"
    )


# Object exists (or doesn't).


class SeatUnknown(LedgerError):
    """The account has no seat in the committee."""

    hint = "add the organisation instead; who has a seat: hushang committee show"


class SeatExists(LedgerError):
    """The account has a seat in the committee already."""

    hint = "replace its key instead"


class MemberUnknown(LedgerError):
    """The account is no member organisation's."""

    hint = "a quorum of the members registers organisations: member.register"


class NodeKeyUnregistered(LedgerError):
    """The node key is none of those that the organisation has registered."""

    hint = "the organisation adds the key to its own first: member.update"


class EpochUnknown(LedgerError):
    """This chain has no committee of the evidence's epoch yet."""

    hint = "evidence names the epoch of its votes; the newest one: hushang committee show"


class EvidenceUnproven(LedgerError):
    """The evidence does not convict a member of its epoch's committee."""

    hint = "both votes must be of one member and verify; look at them offline first"


class EvidenceRecorded(LedgerError):
    """Evidence against this member in this epoch is on the chain already."""

    hint = "nothing is left to do: one piece against a member counts in each epoch"


# State.


class WrongEpoch(LedgerError):
    """The change is for a committee other than the one that governs."""

    hint = "look at the committee again: another change came first"


class ChangePending(LedgerError):
    """A change of the committee is decided and does not govern yet."""

    hint = "submit it again two blocks later"


class NodeKeyUnchanged(LedgerError):
    """The seat has this node key already."""

    hint = "a replaced seat takes another key, registered before: member.update"


class NodeKeySeated(LedgerError):
    """A node key with a seat in the committee can't be dropped."""

    hint = "a quorum of the members replaces the seat's key first: committee.change"


# Time.


class ReadinessOutdated(LedgerError):
    """The readiness is for no height among the 1,024 below this block."""

    hint = "the new node signs again for a header it has now"


class ReadinessForeign(LedgerError):
    """The readiness names a header that is not this chain's."""

    hint = "the new node follows another chain, or a fork; look at its database"


# Rights.


class ReadinessUnsigned(LedgerError):
    """The readiness is not signed by the seat's node key for this chain and epoch."""

    hint = "the new node signs for this chain and the next epoch: hushang committee ready"


# Limits.


class CommitteeOutOfSize(LedgerError):
    """The committee would have no member, or more than it may have."""

    hint = "a committee has 1 to 128 seats"


class TooManySuspended(LedgerError):
    """More members would be suspended than may be faulty in a committee of this size."""

    hint = "remove the suspended members too, or replace their keys"
