"""Alerts and dashboard ask only for what a node tells, and every alert has its runbook."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from node.metrics import NodeMetrics
from tests.node.api.service import served
from tests.node.deploy.monitoring import dashboard, panels, rules, series_in

ROOT = Path(__file__).parent.parent.parent.parent
PAGE = (ROOT / "docs" / "operating.md").read_text("utf-8")


def anchors() -> set[str]:
    """The headings of the handbook as links name them."""
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in headings}


async def told(tmp_path: Path) -> set[str]:
    """Every series of a real answer of /metrics, and those of the node's own disk."""
    async with served() as node, node.http.get("/metrics") as answer:
        text = await answer.text()
        text += NodeMetrics(tmp_path).render(node.service.status()).decode()
    found = set()
    for family in text_string_to_metric_families(text):
        found |= {family.name, f"{family.name}_total"}
        if family.type == "histogram":
            found |= {f"{family.name}_{part}" for part in ("bucket", "count", "sum")}
    return found


@pytest.mark.asyncio
async def test_every_series_of_rules_and_dashboard_is_told_by_a_node(tmp_path: Path) -> None:
    known = await told(tmp_path)
    asked = [target["expr"] for panel in panels() for target in panel["targets"]]
    asked += [rule["expr"] for rule in rules()]
    unknown = {name for expression in asked for name in series_in(expression)} - known
    assert not unknown
    assert all(series_in(expression) or "up{" in expression for expression in asked)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_every_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, object]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Hushang[A-Z]\w+", str(rule["alert"]))
    labels, notes = rule["labels"], rule["annotations"]
    assert isinstance(labels, dict)
    assert isinstance(notes, dict)
    assert labels == {"severity": labels["severity"]}
    assert labels["severity"] in {"page", "ticket"}
    assert set(notes) == {"summary", "description", "runbook"}
    page, _, anchor = notes["runbook"].partition("#")
    assert page == "docs/operating.md"
    assert anchor in anchors()
    assert str(rule["alert"]) in PAGE
    assert re.fullmatch(r"[1-9][0-9]*[smhd]", str(rule.get("for", "1m")))
    expression = str(rule["expr"])
    for opened, closed in ("()", "[]", "{}"):
        assert expression.count(opened) == expression.count(closed)
    assert expression.count('"') % 2 == 0


def test_no_alert_stands_twice() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) > 20


def test_the_dashboard_can_be_imported() -> None:
    board = dashboard()
    assert board["uid"]
    assert board["schemaVersion"] >= 36
    variables = {one["name"]: one for one in board["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["instance"]["definition"] == "label_values(hushang_height, instance)"
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    rows = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
    assert rows[0] == "Chain"
    assert len(rows) >= 8
    for panel in panels():
        assert panel["title"]
        assert panel["description"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all("$instance" in target["expr"] for target in panel["targets"])


def test_no_panel_covers_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
