"""The files under `node/deploy`, written out for an operator to keep and change."""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from chain.errors import HushangError

SETS: Final[Mapping[str, Sequence[str]]] = {
    "compose": ("Containerfile", "Containerfile.dockerignore", "requirements.lock", "compose.yaml"),
    "kubernetes": (
        "kubernetes/node/kustomization.yaml",
        "kubernetes/first/kustomization.yaml",
        "kubernetes/node/statefulset.yaml",
        "kubernetes/node/services.yaml",
        "kubernetes/node/disruption.yaml",
        "kubernetes/node/network.yaml",
        "kubernetes/monitor/kustomization.yaml",
        "kubernetes/monitor/servicemonitor.yaml",
    ),
    "monitoring": ("alerts.yaml", "dashboard.json"),
}


class FileInTheWay(HushangError):
    """A file that would be written is there already."""

    hint = "name another --dir, or move it away: what an operator has changed is never overwritten"


def text_of(name: str) -> str:
    """One of the files."""
    return resources.files("node.deploy").joinpath(*name.split("/")).read_text("utf-8")


def write_set(names: Sequence[str], directory: Path) -> Sequence[Path]:
    """Write these files, all or none; their paths. Raises `FileInTheWay`."""
    places = [directory / name for name in names]
    for path in places:
        if path.exists():
            raise FileInTheWay(f"{path} exists")
    for name, path in zip(names, places, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(name), "utf-8")
    return places
