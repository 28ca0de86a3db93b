"""The JSON views of evidence: whom it convicts, of what, and the signed words that do it."""

from typing import Literal

from chain.bech32m import encode_account
from chain.block import VoteType
from chain.committee import Member
from chain.evidence import Equivocation, convicted_vote
from chain.votes import PreparedCertificate, SignedVote, ViewChange
from node.api.models import TimeMs, View, Whole
from node.api.render import AccountText, HashText, HexText
from node.evidence_book import Found


class SignedVoteView(View):
    """A vote and its signature; `member` is the signer's index in the committee."""

    type: Literal["pre_prepare", "prepare", "commit"]
    height: Whole
    view: Whole
    digest: HashText
    member: Whole
    signature: HexText

    @classmethod
    def of(cls, vote: SignedVote) -> "SignedVoteView":
        """The view of a vote."""
        names: dict[int, Literal["pre_prepare", "prepare", "commit"]] = {
            VoteType.PRE_PREPARE: "pre_prepare",
            VoteType.PREPARE: "prepare",
            VoteType.COMMIT: "commit",
        }
        return cls(
            type=names[vote.type],
            height=vote.height,
            view=vote.view,
            digest=vote.digest.hex(),
            member=vote.member,
            signature=vote.signature.hex(),
        )


class PreparedView(View):
    """The block that a ViewChange shows as prepared."""

    height: Whole
    view: Whole
    digest: HashText

    @classmethod
    def of(cls, prepared: PreparedCertificate) -> "PreparedView":
        """The view of a prepared certificate."""
        digest = prepared.header.digest().hex()
        return cls(height=prepared.height, view=prepared.view, digest=digest)


class ViewChangeView(View):
    """A ViewChange: it claims that `decided_height` is decided and shows what was `prepared`."""

    view: Whole
    decided_height: Whole
    prepared: PreparedView | None
    member: Whole
    signature: HexText

    @classmethod
    def of(cls, message: ViewChange) -> "ViewChangeView":
        """The view of a ViewChange."""
        prepared = None if message.prepared is None else PreparedView.of(message.prepared)
        return cls(
            view=message.view,
            decided_height=message.certificate.height,
            prepared=prepared,
            member=message.member,
            signature=message.signature.hex(),
        )


class FoundView(View):
    """Evidence that this node found. It is no data of the chain: other nodes may have other pieces.

    `number` is its place in this node's book and `next` the cursor that resumes after it. `name`,
    `account` and `node_key` are null while the epoch's committee isn't known here. `votes` are two,
    or one beside the `view_change` that hides it. `raw` are the canonical bytes: to be checked
    offline by anybody, or submitted as the `proof` of evidence.submit.
    """

    type: Literal["consensus.evidence"]
    number: Whole
    next: Whole
    kind: Literal["equivocation", "hidden-commit"]
    epoch: Whole
    height: Whole
    view: Whole
    member: Whole
    name: str | None
    account: AccountText | None
    node_key: HashText | None
    found_ms: TimeMs
    votes: list[SignedVoteView]
    view_change: ViewChangeView | None
    raw: HexText

    @classmethod
    def of(cls, found: Found, convicted: Member | None) -> "FoundView":
        """The view of an entry; `convicted` is the member, where it is known."""
        evidence = found.evidence
        vote = convicted_vote(evidence)
        if isinstance(evidence, Equivocation):
            votes, hiding = [evidence.first, evidence.second], None
        else:
            votes, hiding = [evidence.commit], evidence.view_change
        return cls(
            type="consensus.evidence",
            number=found.number,
            next=found.number + 1,
            kind="equivocation" if hiding is None else "hidden-commit",
            epoch=evidence.epoch,
            height=vote.height,
            view=vote.view,
            member=vote.member,
            name=None if convicted is None else convicted.name,
            account=None if convicted is None else encode_account(convicted.account),
            node_key=None if convicted is None else convicted.node_key.hex(),
            found_ms=found.found_ms,
            votes=[SignedVoteView.of(entry) for entry in votes],
            view_change=None if hiding is None else ViewChangeView.of(hiding),
            raw=found.raw.hex(),
        )


class EvidencePageView(View):
    """A page of this node's evidence, oldest first. `next` resumes after it; `count` are all."""

    evidence: list[FoundView]
    next: Whole
    count: Whole
    complete: bool
