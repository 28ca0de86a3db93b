"""The resources that the binding lists: top level, event types, things, steps, places."""

from typing import Final

from pydantic import ConfigDict, Field

from node.api.models import View
from node.api.replies import Reply, json_reply
from node.api.routing import Call

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
TOP_LEVEL: Final = (
    *("queries", "capture", "events", "eventTypes", "epcs"),
    *("readPoints", "bizLocations", "dispositions", "bizSteps"),
)


class CollectionView(View):
    """A list of names, as JSON-LD."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    context: str | list[str | dict[str, str]] = Field(
        alias="@context", serialization_alias="@context"
    )
    type: str = "Collection"
    member: list[str]


def collection(members: list[str]) -> Reply:
    """The answer that is a list of names."""
    return json_reply({"@context": CONTEXT, "type": "Collection", "member": [*members]})


def top_level(_call: Call) -> Reply:
    """GET /v1/epcis/."""
    return collection([*TOP_LEVEL])
