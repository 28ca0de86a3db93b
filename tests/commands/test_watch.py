"""`hushang watch --genesis`: no node is trusted. (Cursors and pipes: test_trade.py.)"""

from pathlib import Path

from tests.commands.conftest import Shop


def test_a_watch_with_a_genesis_shows_the_same_and_trusts_no_other(
    shop: Shop, tmp_path: Path
) -> None:
    genesis = shop.network.directory / "genesis.json"
    words = ("watch", "--from", "0.0.0", "--count", "2", "-o", "ndjson")
    assert shop.run(*words, "--genesis", str(genesis)).out == shop.run(*words).out
    other = tmp_path / "genesis.json"
    text = genesis.read_text("utf-8")
    other.write_text(text.replace(shop.network.chain_id, "test-other"), "utf-8")
    code, name = shop.refused("watch", "--from", "0.0.0", "--genesis", str(other))
    assert (code, name) == (8, "EveryNodeDistrusted")
