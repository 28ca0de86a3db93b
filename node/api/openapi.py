"""The OpenAPI 3.1 document, made from the route table and the pydantic models; nothing by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from node.api.parameters import Parameter
from node.api.problems import MEDIA_TYPE, Problem, status_of, title_of
from node.api.routing import Route
from node.api.visitors import AskedTooOften

# The reference to each model's schema among the components.
Schemas: TypeAlias = Mapping[object, dict[str, Any]]

REFERENCE = "#/components/schemas/{model}"
DESCRIPTION = (
    "Hashes are lower-case hex, accounts bech32m (hs1…), times UTC milliseconds. Amounts (…_minor) "
    "and nonce are strings of decimal digits, all other integers JSON numbers below 2^53. Every "
    "error is an RFC 9457 problem whose code names the broken rule. Classes of one block run in "
    "the order recall, deadlines, cancel, refund, ship, other, confirm: put dependent steps into "
    "one transaction, or wait until the first is decided."
)


def openapi(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The document of these routes."""
    models = sorted({m for route in routes for m in _models(route)} | {Problem}, key=_name)
    named, definitions = models_json_schema(
        [(model, "serialization") for model in models], ref_template=REFERENCE
    )
    schemas: dict[object, dict[str, Any]] = {model: s for (model, _), s in named.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hushang node", "version": version, "description": DESCRIPTION},
        "paths": paths,
        "components": {"schemas": definitions["$defs"]},
    }


def _name(model: type[BaseModel]) -> str:
    return model.__name__


def _models(route: Route) -> list[type[BaseModel]]:
    given = [*route.answers.values(), *route.bodies.values()]
    return [entry for entry in given if isinstance(entry, type)]


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [_parameter(entry) for entry in route.parameters],
        "responses": {
            str(status): _answer(entry, schemas) for status, entry in route.answers.items()
        },
    }
    if route.bodies:
        content = {kind: _content(model, schemas) for kind, model in route.bodies.items()}
        operation["requestBody"] = {"required": True, "content": content}
    problem = {MEDIA_TYPE: _content(Problem, schemas)}
    asked = (AskedTooOften,) if route.permits else ()
    for cls in (*route.problems, *asked):
        entry = operation["responses"].setdefault(
            str(status_of(cls)), {"description": "", "content": problem}
        )
        told = f"`{cls.__name__}`: {title_of(cls)}"
        entry["description"] = f"{entry['description']} {told}".strip()
    operation["responses"]["default"] = {"description": "any problem", "content": problem}
    return operation


def _parameter(parameter: Parameter[Any]) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _answer(answer: type[BaseModel] | str, schemas: Schemas) -> dict[str, Any]:
    if isinstance(answer, str):
        return {"description": answer, "content": {answer: {}}} if answer else {"description": "-"}
    doc = (answer.__doc__ or answer.__name__).strip().partition("\n")[0]
    return {"description": doc, "content": {"application/json": _content(answer, schemas)}}


def _content(model: type[BaseModel] | None, schemas: Schemas) -> dict[str, Any]:
    if model is None:
        return {"schema": {"type": "string", "format": "binary"}}
    return {"schema": schemas[model]}
