"""The example request of each route of docs/api.md: a command line that a node takes as it stands.

Which query parameters and bodies a route can't do without only its handler knows, so they are named
here; the test of the page sends every example to a node, which must find no fault with its form.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from chain.bech32m import encode_account
from node.api.epcis.authority import TokenRefused
from node.api.routing import Route

JSON_TYPE: Final = "application/json"
HASH: Final = "1f" * 32
THING: Final = "https://id.gs1.org/01/06901234000016/21/1"
CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
SEEN: Final = (
    '"type": "ObjectEvent", "action": "OBSERVE", "eventTime": "2026-01-05T06:00:00Z",'
    f' "eventTimeZoneOffset": "+08:00", "epcList": ["{THING}"]'
)

# What the examples call by name, with a value of the right form.
VARIABLES: Final[Mapping[str, str]] = {
    "NODE": "http://127.0.0.1:18001",
    "ACCOUNT": encode_account(bytes.fromhex(HASH)),
    "ID": HASH,
    "ORDER": HASH,
    "KEY": HASH,
    "CAPTUREID": HASH,
    "HEIGHT": "latest",
    "EPOCH": "0",
    "LINE": "0",
    "OPERATION": "0",
    "VERSION": "1",
    "NAME": "pay.transfer",
    "SYMBOL": "CNY",
    "GTIN": "06901234000016",
    "SERIAL": "1",
    "LOT": "A1",
    "GLN": "6901234000009",
    "DIGITS": "6901234",
    "EPC": "https%3A%2F%2Fid.gs1.org%2F01%2F06901234000016%2F21%2F1",
    "OTHER": "https%3A%2F%2Fid.gs1.org%2F01%2F06901234000016%2F21%2F2",
    "EVENTTYPE": "ObjectEvent",
    "EVENTID": f"ni:%2F%2F%2Fsha-256;{HASH}%3Fver=CBV2.0",
    "BIZSTEP": "shipping",
    "DISPOSITION": "in_transit",
    "BIZLOCATION": "https%3A%2F%2Fid.gs1.org%2F414%2F6901234000009",
    "READPOINT": "https%3A%2F%2Fid.gs1.org%2F414%2F6901234000009",
    "QUERYNAME": "shipped",
    "SUBSCRIPTIONID": "00000000-0000-4000-8000-000000000000",
    "TOKEN": "end",
    "BEARER": "secret",
    "CONTENT": "00",
    "TRANSACTION": "00",
}
# The query parameters that a route needs, each with the variable that it takes.
NEEDED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "/v1/cases": (("account", "ACCOUNT"),),
    "/v1/certificates": (("gtin", "GTIN"), ("lot", "LOT")),
    "/v1/claims": (("account", "ACCOUNT"),),
    "/v1/code-batches": (("gtin", "GTIN"),),
    "/v1/code-reports": (("gtin", "GTIN"), ("serial", "SERIAL")),
    "/v1/codes": (("gtin", "GTIN"),),
    "/v1/coupons": (("funder", "ACCOUNT"),),
    "/v1/disputes": (("account", "ACCOUNT"),),
    "/v1/licences": (("merchant", "ACCOUNT"),),
    "/v1/listings": (("gtin", "GTIN"),),
    "/v1/orders": (("account", "ACCOUNT"),),
    "/v1/parcels": (("carrier", "ACCOUNT"),),
    "/v1/products": (("holder", "ACCOUNT"),),
    "/v1/reviews": (("merchant", "ACCOUNT"),),
    "/v1/things": (("epc", "EPC"),),
    "/v1/trace": (("epc", "EPC"),),
    "/v1/trace/cause": (("epc", "EPC"), ("epc", "OTHER")),
}
# A small body of each route that takes one; `$NAME` in it stands for a variable.
BODIES: Final[Mapping[str, str]] = {
    "/v1/transactions": '{"transaction": "$TRANSACTION"}',
    "/v1/transactions/batch": '{"transactions": ["$TRANSACTION"]}',
    "/v1/transactions/dry-run": '{"content": "$CONTENT"}',
    "/v1/epcis/events": f'{{"@context": "{CONTEXT}", {SEEN}}}',
    "/v1/epcis/capture": (
        f'{{"@context": "{CONTEXT}", "type": "EPCISDocument", "schemaVersion": "2.0",'
        f' "creationDate": "2026-01-05T07:00:00Z", "epcisBody": {{"eventList": [{{{SEEN}}}]}}}}'
    ),
    "/v1/epcis/queries": '{"name": "shipped", "query": {"EQ_bizStep": ["shipping"]}}',
    "/v1/epcis/queries/{queryName}/subscriptions": (
        '{"dest": "https://shop.example/epcis", "stream": true}'
    ),
}
# Where a token of `hushang capture-token create` may be shown and needn't.
FREE: Final = frozenset({"/v1/epcis/queries", "/v1/epcis/queries/{queryName}"})


def variables() -> Iterator[str]:
    """A shell's lines that give every variable a value."""
    for name, value in VARIABLES.items():
        yield f"{name}={value}" if re.fullmatch(r"[\w.:/%-]+", value) else f"{name}='{value}'"


def example(route: Route) -> str:
    """A command line that asks this route."""
    path = re.sub(r"\{(\w+)\}", lambda match: f"${match[1].upper()}", route.path)
    asked = "&".join(f"{name}=${held}" for name, held in NEEDED.get(route.path, ()))
    method = "" if route.method in ("GET", "POST") else f"-X {route.method} "
    parts = [f'curl {method}"$NODE{path}{"?" if asked else ""}{asked}"']
    if TokenRefused in route.problems and route.path not in FREE:
        parts.append('-H "authorization: Bearer $BEARER"')
    if route.bodies:
        parts.append(f"-H 'content-type: {JSON_TYPE}'")
        # In a shell nothing is put in place of a name inside '…'.
        body = re.sub(r"\$([A-Z]+)", r"""'"$\1"'""", BODIES[route.path])
        parts.append(f"--data '{body}'")
    return " \\\n  ".join(parts)
