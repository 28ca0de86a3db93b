"""What an honest copy says and finds, compared with what it may: at every Output."""

from collections.abc import Sequence
from typing import Protocol

from chain.committee import Committee
from chain.evidence import culprit
from chain.ledger import Ledger
from chain.votes import ViewChange
from consensus.messages import Complaint, Message
from consensus.output import Output
from consensus.signing import voting_height
from tests.sim.checks import Durable, Speaker
from tests.sim.shared import Setting
from tests.sim.world import Violation


class Owner(Protocol):
    """What this file needs of a node."""

    setting: Setting
    member: int
    place: int
    ledger: Ledger
    durable: Durable


def witness(node: Owner, output: Output) -> None:
    """Raise `Violation` for what an honest copy must not say or believe."""
    setting = node.setting
    for send in output.send:
        _check_sent(node, send.message)
    for evidence in output.evidence:
        members = node.ledger.committee_of(evidence.epoch).members
        number = setting.number(members[culprit(evidence)].node_key)
        if number not in setting.byzantine | setting.checks.forgetful:
            raise Violation("no innocent is convicted", f"{node.place}: {evidence}")
        setting.checks.evidence.append(evidence)
    if output.foreign and node.member not in setting.checks.forgetful:
        raise Violation("nobody else has this key", f"{node.place}: {output.foreign}")


def overhear(node: Owner, outputs: Sequence[Output]) -> None:
    """Note the Complaints that an honest copy has made, whether or not they will leave."""
    for output in outputs:
        for send in output.send:
            if isinstance(send.message, Complaint):
                speaker = _speaker(node, send.message)
                if speaker is not None:
                    node.setting.checks.complained(speaker, send.message)


def _check_sent(node: Owner, message: Message) -> None:
    """Only what it says in its own name: it also hands on others' NewViews."""
    speaker = _speaker(node, message)
    if speaker is not None and node.member not in node.setting.checks.forgetful:
        if isinstance(message, ViewChange):
            _check_wanted(node, speaker, message)
        node.setting.checks.sent(speaker, message, node.durable, node.ledger.tip.height)


def _check_wanted(node: Owner, speaker: Speaker, message: ViewChange) -> None:
    """It takes f+1 members to move one: with all that lie, so many honest ones are against."""
    setting = node.setting
    others = len(setting.byzantine | setting.checks.forgetful)
    committee = _committee(node.ledger, voting_height(message))
    wanted = max(1, committee.weak_quorum - others)
    found = setting.checks.against(speaker.epoch, message.view - 1)
    if found < wanted:
        detail = f"{speaker} changes to {message.view}, which {found} of {wanted} honest ones want"
        raise Violation("nobody is dragged along", detail)


def _speaker(node: Owner, message: Message) -> Speaker | None:
    """The copy's member in the message's epoch, if the message is in its name."""
    committee = _committee(node.ledger, voting_height(message))
    if message.member != committee.index_of(node.setting.keys[node.member]):
        return None
    return Speaker(node.member, committee.epoch)


def _committee(ledger: Ledger, height: int) -> Committee:
    """Who decides the height, or the newest that is known; mostly without a look at the state."""
    tip = ledger.tip.height
    if height <= tip:
        return ledger.committee_at(height)
    following = ledger.next_committee if height > tip + 1 else None
    return following or ledger.chain.committee
