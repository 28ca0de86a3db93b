"""Following the committees by what a node or files show, trusting neither: only the genesis.

One step for each epoch after the first: its committee, and the certified header that names it, as
`GET /v1/committee/{epoch}` and `hushang committee show EPOCH -o json` tell them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chain.block import Certificate, Header
from chain.codec import decode
from chain.committee import Committee
from chain.errors import EncodingInvalid, HushangError
from chain.genesis import Genesis
from chain.light_client import CommitteeChain
from node.json_values import FormRefused, from_json

if TYPE_CHECKING:
    # The client follows committees by this file.
    from node.client import NodeClient


class CommitteeFileInvalid(HushangError):
    """What should show an epoch's committee and the header that proves it does not."""

    hint = "hushang committee show EPOCH -o json writes it"


@dataclass(frozen=True, slots=True)
class Step:
    """The committee of an epoch and the certified header of the epoch before that names it."""

    committee: Committee
    header: Header
    certificate: Certificate


def read_step(value: Any, where: str) -> Step:
    """A step of its JSON, not yet verified; `CommitteeFileInvalid`."""
    try:
        shown, header = _part(value, "committee"), _part(value, "header")
        return Step(
            decode(Committee, _bytes(shown, "raw")),
            decode(Header, _bytes(header, "raw_header")),
            decode(Certificate, _bytes(header, "raw_certificate")),
        )
    except (FormRefused, EncodingInvalid) as error:
        raise CommitteeFileInvalid(f"{where}: {error}") from error


def _part(value: Any, name: str) -> Mapping[str, Any]:
    part = value.get(name) if isinstance(value, dict) else None
    if not isinstance(part, dict):
        raise FormRefused(f"no object {name} in it")
    return part


def _bytes(part: Mapping[str, Any], name: str) -> bytes:
    return from_json(bytes, part.get(name), name)


def follow(genesis: Genesis, steps: Sequence[Step]) -> CommitteeChain:
    """The chain of committees after these steps, in the order of their epochs.

    Raises what `CommitteeChain.advance` refuses; a missing epoch is `EpochUnexpected`.
    """
    chain = CommitteeChain.of(genesis)
    for step in sorted(steps, key=lambda step: step.committee.epoch):
        chain.advance(step.header, step.certificate, step.committee)
    return chain


def follow_node(client: "NodeClient", genesis: Genesis, epoch: int) -> CommitteeChain:
    """As `follow`, by what a node tells up to this epoch; `NotFound` if the node is behind."""
    chain = CommitteeChain.of(genesis)
    while chain.committee.epoch < epoch:
        path = f"/v1/committee/{chain.committee.epoch + 1}"
        step = read_step(client.get(path), path)
        chain.advance(step.header, step.certificate, step.committee)
    return chain
