"""What an operator must see coming: certificates that end, protocol versions that begin."""

from prometheus_client import CollectorRegistry, Gauge

from node.service import NodeStatus

MS_PER_S = 1000


class UpkeepMetrics:
    """Set from a node's status."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.certificate_end = Gauge(
            "hushang_certificate_end_timestamp_seconds",
            "when a certificate that is shown ends: to peers (renewed by the node), by the api",
            ["use"],
            registry=registry,
        )
        self.certificate_start = Gauge(
            "hushang_certificate_start_timestamp_seconds",
            "when a certificate that is shown began to hold",
            ["use"],
            registry=registry,
        )
        self.protocol = Gauge(
            "hushang_protocol_version",
            "the protocol version that governs the next block",
            registry=registry,
        )
        self.software = Gauge(
            "hushang_protocol_software",
            "the newest protocol version whose rules this node has",
            registry=registry,
        )
        self.planned = Gauge(
            "hushang_protocol_planned",
            "the protocol version that is planned; the governing one if none is",
            registry=registry,
        )
        self.planned_height = Gauge(
            "hushang_protocol_planned_height",
            "the first height that the planned version governs; 0 if none is planned",
            registry=registry,
        )

    def set_from(self, status: NodeStatus) -> None:
        """Gauges as of this status."""
        for certificate in status.certificates:
            self.certificate_end.labels(certificate.use).set(certificate.end_ms // MS_PER_S)
            self.certificate_start.labels(certificate.use).set(certificate.start_ms // MS_PER_S)
        protocol, planned = status.protocol, status.protocol.planned
        self.protocol.set(protocol.version)
        self.software.set(protocol.software)
        self.planned.set(protocol.version if planned is None else planned.version)
        self.planned_height.set(0 if planned is None else planned.height)
