"""genesis.json: the genesis as people write it, and its way into the core's frozen types.

Keys are hex, a policy maps its keys to their weights, durations are texts with a unit ("10 d") or
integers of milliseconds. Everything but `about` is part of the chain's hash. Two files that say the
same in another order of keys are one genesis.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationError,
    create_model,
)

from chain import genesis as core
from chain.account import KeyPolicy, WeightedKey
from chain.codec import decode, encode
from chain.errors import HushangError, LedgerError
from commerce.founding import check_commerce_genesis
from node.durations import duration_text, parse_duration
from node.strict_json import JsonRefused, read_json
from node.validation import Form, complaints


class GenesisFileInvalid(HushangError):
    """The file is no genesis: not JSON, unknown or missing keys, or it contradicts itself."""

    hint = "of a draft: add what it lacks, hushang genesis add-account; else ask for it again"


# Wider is no integer of the agreed bytes; the core's own bounds are narrower.
Integer = Annotated[StrictInt, Field(ge=0, lt=2**63)]
DurationMs = Annotated[Integer, BeforeValidator(parse_duration), PlainSerializer(duration_text)]
KeyHex = Annotated[StrictStr, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class PolicyForm(Form):
    """m-of-n by weight; `keys` maps each public key to its weight."""

    threshold: Integer = 1
    keys: Annotated[dict[KeyHex, Integer], Field(min_length=1)]

    def core(self) -> KeyPolicy:
        """The core's policy, its keys sorted."""
        entries = sorted((bytes.fromhex(key), weight) for key, weight in self.keys.items())
        return KeyPolicy(tuple(WeightedKey(*entry) for entry in entries), self.threshold)

    @classmethod
    def of(cls, policy: KeyPolicy) -> "PolicyForm":
        """The form of a policy."""
        keys = {entry.public_key.hex(): entry.weight for entry in policy.keys}
        return cls(threshold=policy.threshold, keys=keys)


class MemberForm(Form):
    """A founder."""

    name: StrictStr
    node_key: KeyHex
    policy: PolicyForm


class RoleForm(Form):
    """A role held from the start."""

    role: StrictStr
    scope: StrictStr = ""


class AccountForm(Form):
    """An account that exists from the start."""

    name: StrictStr
    sponsor: StrictStr
    policy: PolicyForm
    roles: tuple[RoleForm, ...] = ()


class AssetForm(Form):
    """An asset that exists from the start."""

    symbol: StrictStr
    decimals: Integer
    issuer: StrictStr


# The core's names by those in the file, where a duration's unit stands in its text (also timers).
_CONSENSUS: Final = {
    field.name.removesuffix("_ms"): field for field in fields(core.ConsensusParameters)
}


def _consensus_fields() -> dict[str, Any]:
    """The core's parameters with the core's defaults, so that the two can't drift apart."""
    return {
        name: (DurationMs if field.name.endswith("_ms") else Integer, field.default)
        for name, field in _CONSENSUS.items()
    }


ConsensusForm: type[Form] = create_model("ConsensusForm", __base__=Form, **_consensus_fields())


class GenesisForm(Form):
    """The whole file. `about` is for people and no part of the chain's hash."""

    about: tuple[StrictStr, ...] = ()
    version: Integer
    chain_id: StrictStr
    time_ms: Integer
    time_scale: Integer = 1
    consensus: ConsensusForm  # type: ignore[valid-type]
    timers: dict[StrictStr, DurationMs]
    limits: dict[StrictStr, Integer] = Field(default_factory=dict)
    members: tuple[MemberForm, ...]
    accounts: tuple[AccountForm, ...] = ()
    assets: tuple[AssetForm, ...] = ()

    def core(self) -> core.Genesis:
        """The core's genesis; raises what the core refuses."""
        genesis = core.Genesis(
            version=self.version,
            chain_id=self.chain_id,
            time_ms=self.time_ms,
            time_scale=self.time_scale,
            consensus=_consensus_core(self.consensus),
            timers={f"{name}_ms": value for name, value in self.timers.items()},
            members=tuple(
                core.GenesisMember(m.name, m.policy.core(), bytes.fromhex(m.node_key))
                for m in self.members
            ),
            accounts=tuple(_account(entry) for entry in self.accounts),
            assets=tuple(core.GenesisAsset(a.symbol, a.decimals, a.issuer) for a in self.assets),
            limits=dict(self.limits),
        )
        # Reading the canonical bytes back applies the bounds of every field.
        genesis = decode(core.Genesis, encode(genesis))
        core.check_genesis(genesis)
        check_commerce_genesis(genesis)
        return genesis


def _consensus_core(form: Form) -> core.ConsensusParameters:
    values = {field.name: getattr(form, name) for name, field in _CONSENSUS.items()}
    return core.ConsensusParameters(**values)


def _consensus_form(parameters: core.ConsensusParameters) -> Form:
    values = {name: getattr(parameters, field.name) for name, field in _CONSENSUS.items()}
    return ConsensusForm.model_validate(values)


def _account(form: AccountForm) -> core.GenesisAccount:
    roles = tuple(core.GenesisRole(entry.role, entry.scope) for entry in form.roles)
    return core.GenesisAccount(form.name, form.policy.core(), form.sponsor, roles)


def form_of(genesis: core.Genesis, about: tuple[str, ...] = ()) -> GenesisForm:
    """The form that reads back as this genesis."""
    return GenesisForm(
        about=about,
        version=genesis.version,
        chain_id=genesis.chain_id,
        time_ms=genesis.time_ms,
        time_scale=genesis.time_scale,
        consensus=_consensus_form(genesis.consensus),
        timers={name.removesuffix("_ms"): ms for name, ms in genesis.timers.items()},
        limits=dict(genesis.limits),
        members=tuple(
            MemberForm(name=m.name, node_key=m.node_key.hex(), policy=PolicyForm.of(m.policy))
            for m in genesis.members
        ),
        accounts=tuple(
            AccountForm(
                name=a.name,
                sponsor=a.sponsor,
                policy=PolicyForm.of(a.policy),
                roles=tuple(RoleForm(role=r.role, scope=r.scope) for r in a.roles),
            )
            for a in genesis.accounts
        ),
        assets=tuple(
            AssetForm(symbol=a.symbol, decimals=a.decimals, issuer=a.issuer) for a in genesis.assets
        ),
    )


def genesis_text(genesis: core.Genesis, about: tuple[str, ...] = ()) -> str:
    """The genesis.json that reads back as this genesis."""
    return json.dumps(form_of(genesis, about).model_dump(), indent=2, ensure_ascii=False) + "\n"


def parse_form(data: bytes | str, where: str = "genesis") -> GenesisForm:
    """Read the text strictly into the form, or `GenesisFileInvalid`."""
    try:
        return GenesisForm.model_validate(read_json(data))
    except JsonRefused as error:
        raise GenesisFileInvalid(f"{where}: {error}") from error
    except ValidationError as error:
        raise GenesisFileInvalid(f"{where}: " + "; ".join(complaints(error))) from None


def parse_genesis(data: bytes | str, where: str = "genesis") -> core.Genesis:
    """The core's genesis of a text, or `GenesisFileInvalid`."""
    form = parse_form(data, where)
    try:
        return form.core()
    except LedgerError as error:
        raise GenesisFileInvalid(f"{where}: {error.code}: {error}") from error


def load_genesis(path: Path) -> core.Genesis:
    """The genesis in a file, or `GenesisFileInvalid`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GenesisFileInvalid(f"{path}: {error.strerror}") from error
    return parse_genesis(data, str(path))


def example_path() -> Path:
    """The genesis.json that comes with the software."""
    return Path(__file__).resolve().parent.parent / "genesis.json"


def account_names(genesis: core.Genesis) -> Mapping[str, bytes]:
    """Account ids by the name of the member or account."""
    ids = {member.name: member.policy.account_id() for member in genesis.members}
    return ids | {entry.name: entry.policy.account_id() for entry in genesis.accounts}
