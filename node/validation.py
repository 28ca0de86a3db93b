"""Forms filled in by people: unknown keys are errors that suggest the right one."""

from collections.abc import Iterable, Set
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from node.json_values import FormRefused

COMPLAINTS_MAX: Final = 10


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?` if a known word is close, else nothing."""
    close = get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def require_head(record: Any, head: tuple[str, int], fields: Set[str], missing: str) -> None:
    """A JSON file's head is of this format and version, and no key is unknown; or `FormRefused`.

    `missing`: what to say of what is no file of the format at all.
    """
    name, version = head
    if not isinstance(record, dict) or record.get("format") != name:
        raise FormRefused(missing)
    unknown = sorted(set(record) - fields)
    if unknown:
        raise FormRefused(f"{unknown[0]}: unknown key{did_you_mean(unknown[0], fields)}")
    if record.get("version") != version:
        raise FormRefused(f"version {record.get('version')!r} is not {version}")


class Form(BaseModel):
    """A model whose input may have no other keys than its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _know_every_key(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        unknown = [str(key) for key in data if key not in cls.model_fields]
        if unknown:
            told = ", ".join(
                f"{key}: unknown key{did_you_mean(key, cls.model_fields)}" for key in unknown
            )
            raise PydanticCustomError("unknown_key", "{told}", {"told": told})
        return data


def complaints(error: ValidationError) -> list[str]:
    """One line per mistake: where it is and what is wrong, without the value (may be secret).

    The first ten, and how many more there are.
    """
    lines = []
    found = error.errors(include_url=False, include_input=False, include_context=False)
    for entry in found[:COMPLAINTS_MAX]:
        where = ".".join(str(part) for part in entry["loc"])
        lines.append(f"{where}: {entry['msg']}" if where else entry["msg"])
    more = len(found) - len(lines)
    return [*lines, f"and {more} more"] if more else lines
