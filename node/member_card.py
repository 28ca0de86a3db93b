"""A member's card: what it hands to the others before there is a chain, as one small public file.

Its name, the key of its node, the policy of its account, and where the others' nodes reach it. The
node key signs all that: whoever made the card holds that key, and nothing in it was mistyped on the
way. It proves no more: whether the card is that organisation's people say to one another, when they
compare the hash of the genesis (docs/adr/0112).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictStr, ValidationError

from chain.crypto import PrivateKey, domain, verify
from chain.errors import HushangError
from node.clients import files
from node.config import Host, KeyHex, MemberName, PeerAddress
from node.genesis_file import MemberForm, PolicyForm
from node.strict_json import JsonRefused, read_json
from node.validation import Form, complaints

FORMAT: Final = "hushang-member-card"
SUFFIX: Final = ".card"
FILE_SIZE_MAX: Final = 64 * 1024
TAG: Final = "member-card"


class MemberCardInvalid(HushangError):
    """The file is no member's card: another format, altered, or not signed by its node key."""

    hint = "ask that member for it again: hushang node card --config hushang.toml"


class AddressForm(Form):
    """Where other nodes reach this one."""

    host: Host
    port: Annotated[int, Field(ge=1, le=65535)]


class CardForm(Form):
    """The file. `signature`: by the node key, over all the rest."""

    format: Literal["hushang-member-card"]
    version: Literal[1]
    name: MemberName
    node_key: KeyHex
    policy: PolicyForm
    address: AddressForm | None = None
    signature: StrictStr

    @property
    def member(self) -> MemberForm:
        """As it stands in a genesis."""
        return MemberForm(name=self.name, node_key=self.node_key, policy=self.policy)

    @property
    def peer(self) -> PeerAddress | None:
        """As it stands in the settings of others; None where it told no address."""
        if self.address is None:
            return None
        return PeerAddress(name=self.name, host=self.address.host, port=self.address.port)


def make_card(
    name: str, key: PrivateKey, policy: PolicyForm, address: tuple[str, int] | None
) -> CardForm:
    """A card, signed."""
    where = None if address is None else AddressForm(host=address[0], port=address[1])
    unsigned = CardForm(
        format=FORMAT,
        version=1,
        name=name,
        node_key=key.public_key.hex(),
        policy=policy,
        address=where,
        signature="",
    )
    return unsigned.model_copy(update={"signature": key.sign(_signed(unsigned)).hex()})


def card_text(card: CardForm) -> str:
    """The card's file."""
    return json.dumps(card.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def read_card(path: Path) -> CardForm:
    """The card of a file, its signature verified; `MemberCardInvalid`."""
    data = files.read(path, FILE_SIZE_MAX, MemberCardInvalid)
    try:
        card = CardForm.model_validate(read_json(data))
        signature = bytes.fromhex(card.signature)
    except (JsonRefused, ValueError) as error:
        told = "; ".join(complaints(error)) if isinstance(error, ValidationError) else str(error)
        raise MemberCardInvalid(f"{path}: {told}") from None
    if not verify(bytes.fromhex(card.node_key), _signed(card), signature):
        raise MemberCardInvalid(f"{path}: it is not signed by the node key that it names")
    return card


def read_cards(paths: Sequence[Path]) -> list[CardForm]:
    """Several, in their order."""
    return [read_card(path) for path in paths]


def _signed(card: CardForm) -> bytes:
    content: dict[str, Any] = card.model_dump(mode="json", exclude={"signature"})
    return domain(TAG) + json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
