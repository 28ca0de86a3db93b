"""`hushang support bundle` of a running node: what it lists, what it writes, what it refuses."""

import json
import re
import tarfile
from pathlib import Path

from tests.commands.command_line import inside
from tests.commands.conftest import Shop


def bundle(shop: Shop, *words: str) -> tuple[str, ...]:
    config = shop.network.config_file(shop.network.nodes[0])
    return "support", "bundle", "--config", str(config), "-o", "json", *words


def test_a_dry_run_lists_and_writes_nothing(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "out.tar.gz"
    told = inside(*bundle(shop, "--dry-run", "--out", str(out))).json
    assert (told["file"], out.exists()) == (None, False)
    assert {"status.json", "metrics.json", "doctor.json"} <= {e["name"] for e in told["files"]}


def test_a_running_nodes_bundle_has_its_answers_and_no_key(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "out.tar.gz"
    told = inside(*bundle(shop, "--out", str(out))).json
    assert told["size"] == out.stat().st_size
    with tarfile.open(out) as archive:
        files = {
            Path(member.name).name: data.read()
            for member in archive.getmembers()
            if (data := archive.extractfile(member)) is not None
        }
    assert json.loads(files["status.json"])["chain_id"] == shop.network.chain_id
    assert json.loads(files["genesis-hash.json"])["genesis_hash"] == shop.network.genesis_hash
    assert "hushang_height" in json.loads(files["metrics.json"])["text"]
    assert json.loads(files["consensus.json"])["members"]
    key_file = shop.network.folder(shop.network.nodes[0]) / "node.key"
    seed = json.loads(key_file.read_text())["seed"]
    assert not any(seed.encode() in data for data in files.values())
    again = inside(*bundle(shop, "--out", str(out)))
    assert (again.code, again.error["code"]) == (2, "BundleExists")


def test_a_typo_in_the_settings_place_is_no_bundle_without_the_node(tmp_path: Path) -> None:
    out = tmp_path / "out.tar.gz"
    words = ("--config", str(tmp_path / "nope.toml"), "--out", str(out), "-o", "json")
    ran = inside("support", "bundle", *words)
    assert (ran.code, ran.error["code"], out.exists()) == (9, "ConfigInvalid", False)


def test_why_each_file_is_there_is_told_in_chinese_and_the_manifest_stays_english(
    shop: Shop,
) -> None:
    config = str(shop.network.config_file(shop.network.nodes[0]))
    shown = inside("--lang", "zh", "support", "bundle", "--dry-run", "--config", config)
    assert "软件、Python 和系统的版本" in shown.out.decode()
    assert "绝不包含：密钥、令牌、口令；" in shown.err
    assert (
        re.search(
            "[a-z]{4} [a-z]{3}", (shown.out.decode() + shown.err).replace("hushang doctor", "")
        )
        is None
    )
    files = inside("--lang", "zh", *bundle(shop, "--dry-run")).json["files"]
    assert "who votes" in {entry["why"] for entry in files}


def test_a_bundle_needs_a_place() -> None:
    ran = inside("support", "bundle", "-o", "json")
    assert (ran.code, ran.error["code"]) == (2, "UsageWrong")
