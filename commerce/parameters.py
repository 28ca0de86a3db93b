"""The chain's parameters as agreed state: numbered versions that never change.

An order holds the number of the version that was in force when it was created, so that a vote never
changes a running clock. Version 0 is the genesis's; `parameter.change` adds others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U32, Name, Size, TimeMs
from chain.genesis import Duration, Genesis
from chain.state import Overlay, StateReader, Table
from commerce.timers import Timers, scaled_timers

HOLIDAYS_MAX = 1_000
CHANGED_TIMERS_MAX = 64


@dataclass(frozen=True, slots=True)
class TimerValue:
    """A timer of `TIMERS` and its own value in commercial ms."""

    name: Name
    value_ms: Duration


@dataclass(frozen=True, slots=True)
class Parameters:
    """One version. `changed` are the timers that differ from the defaults, ascending by name;
    `timers` are all of them in block time. `holidays` are days since 1970 in Asia/Shanghai,
    ascending, on which no term ends (民法典 art. 203).
    """

    version: U32
    since_ms: TimeMs
    changed: Annotated[tuple[TimerValue, ...], Size(max=CHANGED_TIMERS_MAX)]
    timers: Timers
    holidays: Annotated[tuple[U32, ...], Size(max=HOLIDAYS_MAX)]

    @property
    def own(self) -> Mapping[str, int]:
        """The timers that differ from the defaults, by name, in commercial ms."""
        return {entry.name: entry.value_ms for entry in self.changed}


@dataclass(frozen=True, slots=True)
class CurrentParameters:
    """The number of the version in force."""

    version: U32


PARAMETERS: Table[Parameters] = Table("parameters", Parameters)
CURRENT: Table[CurrentParameters] = Table("parameters-current", CurrentParameters)


def found_parameters(genesis: Genesis, state: Overlay) -> None:
    """Version 0."""
    store_parameters(genesis, state, 0, genesis.time_ms, genesis.timers, ())


def store_parameters(  # a version is all of these
    genesis: Genesis,
    state: Overlay,
    version: int,
    since_ms: int,
    own: Mapping[str, int],
    holidays: tuple[int, ...],
) -> Parameters:
    """Write a version and put it in force."""
    changed = tuple([TimerValue(*entry) for entry in sorted(own.items())])
    made = Parameters(version, since_ms, changed, scaled_timers(genesis, own), holidays)
    PARAMETERS.store(state, made, _part(version))
    CURRENT.store(state, CurrentParameters(version))
    return made


def current_parameters(state: StateReader) -> Parameters:
    """The version in force."""
    current = CURRENT.load(state)
    assert current is not None
    return parameters_of(state, current.version)


def parameters_of(state: StateReader, version: int) -> Parameters:
    """A version that is known to exist."""
    found = PARAMETERS.load(state, _part(version))
    assert found is not None
    return found


def timers_of(state: StateReader, version: int) -> Timers:
    """The timers of a version that is known to exist."""
    return parameters_of(state, version).timers


def _part(version: int) -> bytes:
    return version.to_bytes(4, "big")
