"""What the monitoring files hold, read as Prometheus and Grafana would."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from node.deploy_files import text_of

_SERIES = re.compile(r"\b(?:hushang|process)_[a-z0-9_]+")


def rules() -> list[dict[str, Any]]:
    """Every alert."""
    groups = yaml.safe_load(text_of("alerts.yaml"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """The dashboard."""
    found: dict[str, Any] = json.loads(text_of("dashboard.json"))
    return found


def panels() -> Iterator[dict[str, Any]]:
    """All that show something."""
    for panel in dashboard()["panels"]:
        if panel["type"] != "row":
            yield panel


def series_in(expression: str) -> set[str]:
    """The series that a PromQL expression asks for."""
    return set(_SERIES.findall(expression))
