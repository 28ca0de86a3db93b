"""Asking the shell and the peers: for blocks, and for a block's check. Nothing is asked twice."""

from chain.block import Certificate, VoteType
from consensus.output import ANYBODY, CheckRequest, FetchBlock, FetchBlocks
from consensus.slot import Asked, HeldBlock
from consensus.state import State

# Asked for at once on somebody's word alone.
HEARSAY_BLOCKS_MAX = 256


def want(state: State, digest: bytes, members: tuple[int, ...]) -> None:
    """Ask those who must hold a block of the active height for it, once until it is sent again."""
    slot = state.slot
    if slot.wanted is None or slot.wanted[0] != digest:
        others = state.era.others(members)
        slot.wanted = (digest, others)
        state.draft.fetch.append(FetchBlock(slot.height, digest, others))


def chase(state: State) -> None:
    """A certificate above the active height is known, or somebody claims one: fetch the blocks."""
    errand, height = state.errands.chase, state.slot.height
    target = errand.target
    if target is not None:
        if errand.asked < target.height:
            errand.asked = target.height
            state.draft.fetch.append(chase_request(state, target))
    elif errand.hearsay > height > errand.asked:
        request = hearsay_request(state)
        errand.asked = request.last
        state.draft.fetch.append(request)


def chase_request(state: State, target: Certificate) -> FetchBlocks:
    """The request for everything up to a certificate, of those who signed it."""
    own = state.config.node_key
    members = state.committee_of(target.height).members
    signers = (members[entry.member].node_key for entry in target.signatures)
    peers = tuple(key for key in signers if key != own)
    return FetchBlocks(state.slot.height, target.height, peers)


def hearsay_request(state: State) -> FetchBlocks:
    """The request for the next blocks, as many as there are, where nothing certified is known."""
    first = state.slot.height
    return FetchBlocks(first, first + HEARSAY_BLOCKS_MAX - 1, ANYBODY, certified=False)


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
    state.draft.check.append(
        CheckRequest(
            view=view,
            digest=held.digest,
            header=header,
            body_hashes=held.body_hashes,
            bodies=held.bodies,
            sources=state.era.others(dict.fromkeys(sources)),
            certified=certificate is not None,
        )
    )
