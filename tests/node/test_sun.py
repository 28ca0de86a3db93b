"""SUN messages beside the examples that NXP published in AN12196."""

import json
from pathlib import Path

import pytest

from node.keystore import KeyFileMissing, KeyFileTooOpen
from node.sun import (
    Message,
    TagKeys,
    TagKeysMalformed,
    TapMalformed,
    check,
    mac_of,
    read_address,
    read_keys,
)

# AN12196 §3.3 and §3.4: all keys zero, uid 04DE5F1EACC040, the 61st tap.
URL = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086"
UID = bytes.fromhex("04de5f1eacc040")
ZERO = TagKeys(bytes(16), {"*": bytes(16)})


def test_the_published_example_is_right() -> None:
    verdict = check(read_address(URL), ZERO)
    assert (verdict.uid, verdict.counter, verdict.mac_right) == (UID, 61, True)
    assert mac_of(bytes(16), UID, bytes.fromhex("3d0000")).hex() == "94eed9ee65337086"


def test_a_code_may_cover_a_part_of_the_address() -> None:
    """AN12196 §3.4.4: all keys zero, the code covers the encrypted file data."""
    url = (
        "https://choose.url.com/ntag424?e=FD91EC264309878BE6345CBE53BADF40"
        "&enc=CEE9A53E3E463EF1F459635736738962&cmac=ECC1E7F6C6C73BF6"
    )
    verdict = check(read_address(url, "e", "cmac", "CEE9"), ZERO)
    assert (verdict.uid.hex(), verdict.counter, verdict.mac_right) == ("04958caa5c5e80", 8, True)
    assert not check(read_address(url.replace("CEE9", "CEE8"), "e", "cmac", "CEE8"), ZERO).mac_right
    for covers in ("nowhere", "ECC1"):
        with pytest.raises(TapMalformed):
            read_address(url, "e", "cmac", covers)


def test_a_tag_is_on_the_thing_that_its_brand_wrote_down(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    record = {"picc_key": "00" * 16, "file_keys": {"*": "00" * 16}}
    path.write_text(json.dumps(record | {"things": {UID.hex().upper(): "06901234000016/S1"}}))
    path.chmod(0o600)
    keys = read_keys(path)
    assert keys.is_on(UID, "06901234000016/S1")
    assert not keys.is_on(UID, "06901234000016/S2")
    assert not keys.is_on(bytes(7), "06901234000016/S1")
    assert ZERO.is_on(UID, "anything")


def test_another_code_another_text_and_another_key_are_not() -> None:
    told = read_address(URL)
    wrong = bytes([told.mac[0] ^ 1]) + told.mac[1:]
    assert not check(Message(told.picc_data, wrong), ZERO).mac_right
    assert not check(Message(told.picc_data, told.mac, b"more"), ZERO).mac_right
    assert not check(told, TagKeys(bytes(16), {"*": bytes([1]) * 16})).mac_right
    assert not check(told, TagKeys(bytes([1]) * 16, {"*": bytes(16)})).mac_right


def test_each_tag_may_have_a_key_of_its_own_and_one_without_any_is_false() -> None:
    told = read_address(URL)
    own = TagKeys(bytes(16), {UID.hex(): bytes(16), "*": bytes([1]) * 16})
    assert check(told, own).mac_right
    assert not check(told, TagKeys(bytes(16), {"00" * 7: bytes(16)})).mac_right


@pytest.mark.parametrize(
    "url",
    [
        "https://ntag.nxp.com/424",
        "https://ntag.nxp.com/424?e=EF96&c=94EED9EE65337086",
        URL + "&c=94EED9EE65337086",
        URL.replace("94EE", "94GG"),
    ],
)
def test_an_address_that_no_tag_wrote_is_refused(url: str) -> None:
    with pytest.raises(TapMalformed):
        read_address(url)


def test_parameters_may_have_other_names() -> None:
    renamed = URL.replace("?e=", "?picc_data=").replace("&c=", "&cmac=")
    assert read_address(renamed, "picc_data", "cmac") == read_address(URL)


def test_keys_are_read_from_a_file_that_only_its_owner_may_touch(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(KeyFileMissing):
        read_keys(path)
    path.write_text(
        json.dumps({"picc_key": "00" * 16, "file_keys": {UID.hex().upper(): "11" * 16}})
    )
    path.chmod(0o640)
    with pytest.raises(KeyFileTooOpen):
        read_keys(path)
    path.chmod(0o600)
    assert read_keys(path) == TagKeys(bytes(16), {UID.hex(): bytes([0x11]) * 16})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"picc_key": "00"}',
        '{"picc_key": "zz", "file_keys": {}}',
        '{"picc_key": "' + "00" * 15 + '", "file_keys": {}}',
        '{"picc_key": "' + "00" * 16 + '", "file_keys": ["' + "00" * 16 + '"]}',
    ],
)
def test_what_is_wrong_with_keys_is_told_without_them(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(TagKeysMalformed) as refused:
        read_keys(path)
    assert "00000000" not in str(refused.value)
