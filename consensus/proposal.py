"""Is a proposal fit to be checked? A flat ladder over header and tip; then, who justifies it.

What fails here withholds the Prepare and lets the timer run; it never stops the replica. (The body
is judged later, by executing it.)
"""

from collections.abc import Sequence

from chain.block import BLOCK_VERSION, Header, transactions_root
from chain.genesis import ConsensusParameters
from consensus.config import ReplicaConfig
from consensus.era import Era
from consensus.messages import MessageInvalid, PrePrepare
from consensus.tip import Tip
from consensus.view_change import Choice, PrimaryOf


def check_shape(message: PrePrepare, config: ReplicaConfig) -> None:
    """Raise `MessageInvalid` for a proposal that is wrong at any height and time."""
    header = message.header
    if header.version != BLOCK_VERSION or header.genesis_hash != config.genesis_hash:
        _refuse("a header of another chain or version")
    if header.height < 1 or message.certificate.height != header.height - 1:
        _refuse("the certificate is not of the height below")
    if message.certificate.digest != header.parent_hash:
        _refuse("the certificate is not the parent's")
    if header.view > message.view:
        _refuse("proposed before its header's view")
    if header.transactions_count != len(message.body_hashes):
        _refuse("the body hashes are not as many as the header counts")


def refusal(
    message: PrePrepare, tip: Tip, era: Era, parameters: ConsensusParameters, primary_of: PrimaryOf
) -> str:
    """Why the header does not deserve a vote on this tip; empty if it does. Time: `time_fits`."""
    header = message.header
    if header.parent_hash != tip.digest:
        return "the parent is not the decided block"
    if header.epoch != era.epoch:
        return "another committee"
    if header.next_committee_hash != tip.results.next_committee_hash:
        return "another next committee"
    if header.proposer != primary_of(header.view, header.height):
        return "the proposer did not lead the header's view"
    # In a re-proposal the header names the certificate that its first PrePrepare carried.
    if header.view == message.view and header.parent_view != message.certificate.view:
        return "the header names another view of its parent's certificate"
    # In an era's first height the parent's view is one of another era.
    if header.height > era.first_height and header.parent_view > header.view:
        return "the parent's certificate is of a later view"
    return _wrong_content(message, tip, parameters)


def _wrong_content(message: PrePrepare, tip: Tip, parameters: ConsensusParameters) -> str:
    header, results = message.header, tip.results
    if header.state_root != results.state_root:
        return "another state root after the parent"
    if header.receipts_root != results.receipts_root:
        return "another receipts root after the parent"
    if header.transactions_count > parameters.block_transactions_max:
        return "too many transactions"
    if header.transactions_root != transactions_root(message.body_hashes):
        return "the body hashes are not those of the header"
    return ""


def time_fits(header: Header, parent: Header, parameters: ConsensusParameters, now_ms: int) -> bool:
    """A first proposal's time lies within the drift of the own clock, and after the parent.

    A re-proposal is not asked: its time was accepted once, and else view changes never end.
    """
    drift_ms, least_ms = parameters.clock_drift_max_ms, parent.time_ms + 1
    return max(least_ms, now_ms - drift_ms) <= header.time_ms <= max(least_ms, now_ms + drift_ms)


def justified(
    view: int, header: Header, digest: bytes, *, certified: bool, begun: Sequence[Choice]
) -> bool:
    """May this block be proposed in `view`, by what is known of how the view began?

    `certified`: the parent has a certificate of this view. `begun`: what valid NewViews of the view
    say. One that begins below this height leaves the choice free, like the certificate does.
    """
    if view == 0:
        return header.view == 0
    free = certified
    for choice in begun:
        if choice.height == header.height and choice.digest is not None:
            if choice.digest == digest:
                return True
        elif choice.height <= header.height:
            free = True
    # With a free choice the block is new: an older one needs a prepared certificate.
    return free and header.view == view


def _refuse(reason: str) -> None:
    raise MessageInvalid(reason)
