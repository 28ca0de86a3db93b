"""The Kubernetes files: one pod a member, few rights, probes that the API answers; they build."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from node.api.routes import ROUTES
from node.config import NodeConfig
from node.deploy_files import SETS, text_of, write_set

NAMES = SETS["kubernetes"]


def objects() -> list[dict[str, Any]]:
    """Every object of every file."""
    return [one for name in NAMES for one in yaml.safe_load_all(text_of(name))]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [one for one in objects() if one["kind"] == kind]


def test_every_file_is_named_by_a_kustomization() -> None:
    base = of_kind("Kustomization")[0]
    told = {f"kubernetes/node/{name}" for name in base["resources"]}
    assert told == {name for name in NAMES if "/node/" in name} - {NAMES[0]}
    for overlay in of_kind("Kustomization")[1:]:
        assert "../node" in overlay["resources"]


def test_a_member_is_one_pod_without_rights() -> None:
    (stateful,) = of_kind("StatefulSet")
    assert stateful["spec"]["replicas"] == 1
    pod = stateful["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in (*pod["initContainers"], *pod["containers"]):
        rights = container["securityContext"]
        assert rights["allowPrivilegeEscalation"] is False
        assert rights["readOnlyRootFilesystem"] is True
        assert rights["capabilities"] == {"drop": ["ALL"]}
    mounts = {one["name"] for one in pod["containers"][0]["volumeMounts"]}
    claimed = {one["metadata"]["name"] for one in stateful["spec"]["volumeClaimTemplates"]}
    assert mounts <= claimed | {volume["name"] for volume in pod["volumes"]}
    # The secret itself is seen by the one that copies it, not by the node.
    assert "secret" not in mounts


def test_the_node_is_told_where_everything_is_by_variables_it_knows() -> None:
    (stateful,) = of_kind("StatefulSet")
    (node,) = stateful["spec"]["template"]["spec"]["containers"]
    told = {one["name"]: one["value"] for one in node["env"]}
    known = {f"HUSHANG_{name.upper()}" for name in NodeConfig.model_fields}
    assert set(told) <= known | {"HUSHANG_CONFIG", "HUSHANG_PASSPHRASE_FILE"}
    ports = {one["name"]: str(one["containerPort"]) for one in node["ports"]}
    assert ports == {"p2p": told["HUSHANG_P2P_PORT"], "api": told["HUSHANG_API_PORT"]}
    paths = {route.path for route in ROUTES}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert node[probe]["httpGet"]["path"] in paths
    assert node["readinessProbe"]["httpGet"]["path"] == "/ready"


def test_only_the_first_start_says_that_the_key_is_new() -> None:
    with_mark = [name for name in NAMES if "journal/new" in text_of(name)]
    assert with_mark == ["kubernetes/first/kustomization.yaml"]
    assert "[ -e /var/lib/hushang/data ] && exit 0" in text_of(with_mark[0])


def test_kubectl_builds_what_an_operator_applies(tmp_path: Path) -> None:
    """Where kubectl is at hand; what it builds from is held together by the tests above."""
    write_set(NAMES, tmp_path)
    for name in ("hushang.toml", "genesis.json", "node.key", "passphrase"):
        (tmp_path / "kubernetes" / "node" / name).write_text(name)
    kubectl = shutil.which("kubectl")
    for folder in ("node", "first", "monitor") if kubectl else ():
        command = [str(kubectl), "kustomize", str(tmp_path / "kubernetes" / folder)]
        built = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        made = list(yaml.safe_load_all(built))
        kinds = sorted(one["kind"] for one in made)
        (stateful,) = [one for one in made if one["kind"] == "StatefulSet"]
        pod = stateful["spec"]["template"]["spec"]
        containers = [*pod["initContainers"], *pod["containers"]]
        assert {one["image"] for one in containers} == {"hushang:0.1.0"}
        assert stateful["spec"]["selector"]["matchLabels"].items() <= (
            stateful["spec"]["template"]["metadata"]["labels"].items()
        )
        assert kinds.count("Secret") == 1
        assert ("ServiceMonitor" in kinds) == (folder == "monitor")
        assert len(pod["initContainers"]) == (2 if folder == "first" else 1)
