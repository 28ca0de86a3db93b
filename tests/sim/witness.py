"""What an honest copy says and finds, compared with what it may: at every Output."""

from typing import Protocol

from chain.evidence import culprit
from chain.ledger import Ledger
from consensus.messages import Message
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
        if setting.number(members[culprit(evidence)].node_key) not in setting.byzantine:
            raise Violation("no innocent is convicted", f"{node.place}: {evidence}")
    if output.foreign:
        raise Violation("nobody else has this key", f"{node.place}: {output.foreign}")


def _check_sent(node: Owner, message: Message) -> None:
    """Only what it says in its own name: it also hands on others' NewViews."""
    setting, tip = node.setting, node.ledger.tip.height
    committee = node.ledger.committee_at(min(voting_height(message), tip + 2))
    if message.member == committee.index_of(setting.keys[node.member]):
        speaker = Speaker(node.member, committee.epoch)
        setting.checks.sent(speaker, message, node.durable, tip)
