"""Secrets are planted everywhere a node has some; the archive's bytes hold none of them."""

import gzip
import json
import tarfile
from pathlib import Path

import pytest

from node import keystore
from node.config import NodeConfig, to_toml
from node.doctor.examine import Question
from node.genesis_file import genesis_text
from node.support.bundle import MANIFEST, MIB, BundleExists, BundleUnwritable, gather, write
from tests.chain.world import genesis
from tests.ports import free_port

NOW_MS = 1_800_000_000_000
SEED, OTHER_SEED, RECORD_SEED = bytes([7]) * 32, bytes([8]) * 32, bytes([9]) * 32
PASSPHRASE = "a horse of a different colour"
TOKEN = "hct_abcdefghijklmnopqrstuvwxyz234567"
BEARER = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2ln"
JOURNAL_WORDS = b"what the journal holds is nobody's business"


def question(place: Path) -> Question:
    """A node's folder with secrets in its settings, key, tokens, log, journal and environment."""
    (place / "genesis.json").write_text(genesis_text(genesis(4)))
    keystore.write_key(place / "node.key", SEED)
    keystore.write_key(place / "sealed.key", OTHER_SEED, passphrase=PASSPHRASE.encode())
    config = NodeConfig(
        name="m0",
        data_dir=Path("data"),
        genesis=Path("genesis.json"),
        node_key=Path("node.key"),
        api_port=free_port(),
        p2p_port=free_port(),
        api_origins=("https://shop:hunter2@shop.example",),
        log_file=Path("node.log"),
    )
    (place / "hushang.toml").write_text(to_toml(config))
    data = place / "data"
    (data / "journal").mkdir(parents=True)
    (data / "journal" / "journal").write_bytes(JOURNAL_WORDS)
    keystore.write_key(data / "capturer.key", RECORD_SEED)
    (data / "capture-tokens.json").write_text(json.dumps({"digest": "cd" * 32}))
    words = place / "passphrase"
    words.write_text(PASSPHRASE + "\n")
    lines = [
        f"Authorization: Bearer {BEARER}",
        f"token {TOKEN} was pasted here, and the seed {SEED.hex()}",
        f'{{"message": "opened with {PASSPHRASE}"}}',
        "-----BEGIN PRIVATE KEY-----MC4CAQAwBQYDK2VwBCIEIA-----END PRIVATE KEY-----",
        "posted environment-secret-1 to the ERP",
        "an honest last line",
    ]
    (place / "node.log").write_text("\n".join(lines) + "\n")
    environ = {"HUSHANG_PASSPHRASE_FILE": str(words), "ERP_SECRET": "environment-secret-1"}
    return Question(place / "hushang.toml", environ)


SECRETS = (
    *(SEED.hex(), OTHER_SEED.hex(), RECORD_SEED.hex(), PASSPHRASE, TOKEN, BEARER, "hunter2"),
    *("MC4CAQAwBQYDK2VwBCIEIA", "environment-secret-1", "cd" * 32, JOURNAL_WORDS.decode()),
)


def test_no_secret_that_was_planted_is_in_the_archives_bytes(tmp_path: Path) -> None:
    made = gather(question(tmp_path), MIB, NOW_MS)
    file = tmp_path / "out.tar.gz"
    assert write(made, file, force=False) == file.stat().st_size
    data = gzip.decompress(file.read_bytes())
    assert [secret for secret in SECRETS if secret.encode() in data] == []
    sealed = json.loads((tmp_path / "sealed.key").read_text())["sealed"]
    assert sealed["ciphertext"].encode() not in data
    assert b"an honest last line" in data
    assert made.redactions >= 6
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_manifest_inside_says_why_each_file_is_there(tmp_path: Path) -> None:
    made = gather(question(tmp_path), MIB, NOW_MS)
    file = tmp_path / "out.tar.gz"
    write(made, file, force=False)
    with tarfile.open(file) as archive:
        names = [Path(member.name).name for member in archive.getmembers()]
        told = archive.extractfile(archive.getmembers()[0])
        assert told is not None
        manifest = json.load(told)
    assert names[0] == MANIFEST
    assert [entry["name"] for entry in manifest["files"]] == names[1:]
    assert all(entry["why"] and len(entry["sha256"]) == 64 for entry in manifest["files"])
    wanted = {"versions.json", "settings.json", "doctor.json", "log.txt", "data-sizes.json"}
    assert wanted <= set(names)


def test_a_node_that_does_not_answer_and_broken_settings_still_make_a_bundle(
    tmp_path: Path,
) -> None:
    asked = question(tmp_path)
    stopped = {entry.name: entry.data for entry in gather(asked, MIB, NOW_MS).entries}
    assert b"unreachable" in stopped["status.json"]
    assert genesis(4).hash().hex().encode() in stopped["genesis-hash.json"]
    (tmp_path / "hushang.toml").write_text("name = [")
    broken = {entry.name: entry.data for entry in gather(asked, MIB, NOW_MS).entries}
    assert b"unreadable" in broken["settings.json"]


def test_of_a_long_log_only_the_end_is_packed_from_a_whole_line_on(tmp_path: Path) -> None:
    asked = question(tmp_path)
    (tmp_path / "node.log").write_text("".join(f"line {n:06}\n" for n in range(1000)))
    entries = {entry.name: entry.data for entry in gather(asked, 100, NOW_MS).entries}
    assert entries["log.txt"].decode().splitlines()[0] == "line 000992"


def test_an_existing_file_is_replaced_only_by_force_and_a_failure_leaves_nothing(
    tmp_path: Path,
) -> None:
    made = gather(Question(None, {}, has_config=False), MIB, NOW_MS)
    file = tmp_path / "out.tar.gz"
    file.write_text("mine")
    with pytest.raises(BundleExists):
        write(made, file, force=False)
    assert file.read_text() == "mine"
    write(made, file, force=True)
    with pytest.raises(BundleUnwritable):
        write(made, tmp_path / "nowhere" / "out.tar.gz", force=False)
    assert [path.name for path in tmp_path.iterdir()] == ["out.tar.gz"]


def test_the_own_keys_are_not_taken_for_words(tmp_path: Path) -> None:
    """The public key is told: a bundle without it could not be matched with a committee."""
    made = gather(question(tmp_path), MIB, NOW_MS)
    doctor = next(entry.data for entry in made.entries if entry.name == "doctor.json")
    own = keystore.show_key(tmp_path / "node.key").public_key.hex()
    assert own[:16].encode() in doctor
