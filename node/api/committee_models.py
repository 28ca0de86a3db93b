"""The JSON views of the committee: who votes, from which height, and what proves it."""

from chain.bech32m import encode_account
from chain.codec import encode
from chain.committee import Committee
from chain.committees import CommitteeRecord
from node.api.models import SignedHeaderView, View, Whole
from node.api.render import AccountText, HashText, HexText


class MemberView(View):
    """A voting member; `index` is its identity in votes. A suspended one never leads."""

    index: Whole
    name: str
    account: AccountText
    node_key: HashText
    suspended: bool


class CommitteeView(View):
    """Who votes from `first_height` on, and how many must agree.

    `raw` are the canonical bytes whose hash stands in the header that brought the committee.
    """

    epoch: Whole
    first_height: Whole
    hash: HashText
    n: Whole
    f: Whole
    quorum: Whole
    members: list[MemberView]
    raw: HexText

    @classmethod
    def of(cls, record: CommitteeRecord) -> "CommitteeView":
        """The view of a committee."""
        committee = record.committee
        return cls(
            epoch=committee.epoch,
            first_height=record.first_height,
            hash=committee.hash().hex(),
            n=committee.n,
            f=committee.f,
            quorum=committee.quorum,
            members=_members(committee),
            raw=encode(committee).hex(),
        )


def _members(committee: Committee) -> list[MemberView]:
    return [
        MemberView(
            index=index,
            name=member.name,
            account=encode_account(member.account),
            node_key=member.node_key.hex(),
            suspended=member.suspended,
        )
        for index, member in enumerate(committee.members)
    ]


class CommitteeNowView(CommitteeView):
    """The committee that decides the next block; `pending` is decided and governs after that."""

    pending: CommitteeView | None

    @classmethod
    def now(cls, record: CommitteeRecord, pending: CommitteeRecord | None) -> "CommitteeNowView":
        """The view of both."""
        following = None if pending is None else CommitteeView.of(pending)
        return cls(**dict(CommitteeView.of(record)), pending=following)


class EpochView(View):
    """The committee of an epoch, and the certified header that names its hash.

    The header is decided by the committee before: with the genesis and these, one for each epoch, a
    reader who trusts nobody follows the committees. It is null for epoch 0, which follows from the
    genesis, and until it is decided.
    """

    committee: CommitteeView
    header: SignedHeaderView | None
