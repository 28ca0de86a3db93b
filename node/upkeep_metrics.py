"""What an operator must see coming: certificates that end, protocol versions that begin."""

from typing import Final

from node.gauges import Told
from node.service import NodeStatus

MS_PER_S: Final = 1000

UPKEEP: Final[tuple[Told[NodeStatus], ...]] = (
    Told(
        "hushang_certificate_end_timestamp_seconds",
        "when a certificate that is shown ends: to peers (renewed by the node), by the api",
        lambda s: {(one.use,): one.end_ms // MS_PER_S for one in s.certificates},
        ("use",),
    ),
    Told(
        "hushang_certificate_start_timestamp_seconds",
        "when a certificate that is shown began to hold",
        lambda s: {(one.use,): one.start_ms // MS_PER_S for one in s.certificates},
        ("use",),
    ),
    Told(
        "hushang_protocol_version",
        "the protocol version that governs the next block",
        lambda s: s.protocol.version,
    ),
    Told(
        "hushang_protocol_software",
        "the newest protocol version whose rules this node has",
        lambda s: s.protocol.software,
    ),
    Told(
        "hushang_protocol_planned",
        "the protocol version that is planned; the governing one if none is",
        lambda s: (s.protocol.planned or s.protocol).version,
    ),
    Told(
        "hushang_protocol_planned_height",
        "the first height that the planned version governs; 0 if none is planned",
        lambda s: s.protocol.planned.height if s.protocol.planned else 0,
    ),
)
