"""Asking the shell and the peers: for blocks, and for a block's check. Nothing is asked twice."""

from chain.block import Certificate, VoteType
from consensus.output import CheckRequest, FetchBlock, FetchBlocks
from consensus.slot import Asked, HeldBlock
from consensus.state import State


def want(state: State, digest: bytes, members: tuple[int, ...]) -> None:
    """Ask those who must hold a block of the active height for it, once until it is sent again."""
    slot = state.slot
    others = tuple(member for member in members if member != state.config.index)
    if slot.wanted is None or slot.wanted[0] != digest:
        slot.wanted = (digest, others)
        state.draft.fetch.append(FetchBlock(slot.height, digest, others))


def chase(state: State) -> None:
    """A certificate above the active height is known: fetch the blocks up to it."""
    errand = state.errands.chase
    target = errand.target
    if target is not None and errand.asked < target.height:
        errand.asked = target.height
        state.draft.fetch.append(chase_request(state, target))


def chase_request(state: State, target: Certificate) -> FetchBlocks:
    """The request for everything up to a certificate, of those who signed it."""
    own = state.config.index
    members = tuple(entry.member for entry in target.signatures if entry.member != own)
    return FetchBlocks(state.slot.height, target.height, members)


def request_check(state: State, held: HeldBlock, certificate: Certificate | None = None) -> None:
    """Have the block checked and executed, once; once more if it turns out to be certified."""
    asked = Asked.PROPOSED if certificate is None else Asked.CERTIFIED
    if held.asked >= asked:
        return
    held.asked = asked
    header, view = held.header, state.views.view
    if certificate is None:
        prepares = state.slot.votes.signatures(VoteType.PREPARE, view, held.digest)
        sources = [header.proposer, *sorted(prepares)]
    else:
        sources = [entry.member for entry in certificate.signatures]
    own = state.config.index
    state.draft.check.append(
        CheckRequest(
            view=view,
            digest=held.digest,
            header=header,
            body_hashes=held.body_hashes,
            bodies=held.bodies,
            sources=tuple(member for member in dict.fromkeys(sources) if member != own),
            certified=certificate is not None,
        )
    )
