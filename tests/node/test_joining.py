"""Joining by a snapshot: what is offered, who lies, what is kept, and what becomes of the store."""

import asyncio
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chain import schema
from chain.ledger import Ledger
from chain.snapshot import MANIFEST, PartId, PartKind, encode_manifest
from chain.store import open_store
from commerce.registry import Registry
from node import joining, joining_download, joining_peers
from node.joining import FarBehind, NoSnapshotOffered
from node.joining_download import offer_of
from node.joining_files import DiskTooSmall, JoiningFiles
from node.sync import HistoryGone
from p2p.messages import Offer
from tests.chain.world import key
from tests.node.joiners import INDEX_ROWS, PEERS, Scene

FAR = FarBehind("at height 0, peers say 5000")
GONE = HistoryGone("3 peers have pruned block 1")


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits of a network are none here."""
    monkeypatch.setattr(joining, "AHEAD_MIN", 2)
    monkeypatch.setattr(joining, "OFFERS_WAIT_S", 0.05)
    monkeypatch.setattr(joining_download, "GONE_WAIT_S", 0.05)
    monkeypatch.setattr(joining_download, "REST_S", 0.01)


def opened(scene: Scene) -> tuple[int, bytes, int]:
    """Height, state root and number of index rows of the joined store."""
    with closing(open_store(scene.config.data_dir / "db")) as store:
        ledger = Ledger(store, scene.world.genesis, Registry())
        rows = sum(1 for _ in ledger.index(b""))
        assert ledger.base.first_block == ledger.tip.height + 1
        return ledger.tip.height, ledger.tip.state_root, rows


def assert_joined(scene: Scene, index_rows: int = INDEX_ROWS) -> None:
    header = scene.manifest.header
    assert opened(scene) == (scene.manifest.height, header.state_root, index_rows)
    # Nothing of the way is left.
    assert sorted(path.name for path in scene.config.data_dir.iterdir()) == ["db"]


def test_only_a_new_node_and_more_than_liars_words_make_it_ask_for_a_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(joining, "AHEAD_MIN", 1_000)
    near = [(0, [], 0), (0, [1_000, 1_000], 0), (0, [9_000, 5], 1), (1_000, [9_000, 9_000], 1)]
    for height, claims, doubt in near:
        joining.require_near(height, claims, doubt)
    for height, claims, doubt in [(0, [1_001], 0), (5, [9_000, 5, 8_000], 1)]:
        with pytest.raises(FarBehind, match=f"at height {height}, peers say {max(claims)}"):
            joining.require_near(height, claims, doubt)


@pytest.mark.asyncio
async def test_a_new_node_takes_the_state_that_its_peers_offer(tmp_path: Path) -> None:
    scene = Scene.of(tmp_path)
    await scene.joiner().instead_of(FAR)
    assert_joined(scene)
    # Every part was asked for once, and everybody had something to do.
    first = [part for peer in scene.peers.values() for part in dict.fromkeys(peer.asked)]
    assert sorted(first) == sorted(scene.wanted)
    assert all(peer.asked for peer in scene.peers.values())


@pytest.mark.parametrize("kind", list(PartKind))
@pytest.mark.asyncio
async def test_who_sends_a_wrong_part_is_named_and_the_part_comes_from_another(
    tmp_path: Path, kind: PartKind, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene.of(tmp_path)
    liar, honest = PEERS[0], PEERS[1:]
    scene.peers[liar].lies_about = frozenset({kind})

    def call(part: PartId) -> None:
        if part.kind is kind:
            for peer in honest:
                scene.network.connect(peer)

    # The others come as soon as it is asked for what it lies about.
    scene.peers[liar].hook = call
    scene.network.at_start = (liar,)
    await scene.joiner().instead_of(FAR)
    assert_joined(scene)
    assert f"m1 ({liar.hex()[:16]}) sent what is not right" in caplog.text
    lies = [record for record in caplog.records if "not right" in record.getMessage()]
    assert len(lies) == 1, "it is named once"
    told = dict.fromkeys(part for part in scene.peers[liar].asked if part.kind is kind)
    assert len(told) <= joining_download.LANES_PER_PEER, "and asked no more"


@pytest.mark.asyncio
async def test_a_manifest_that_leaves_out_a_minute_is_found_in_the_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene.of(tmp_path)
    short = replace(scene.manifest, minutes=scene.manifest.minutes[1:])
    liar = scene.peers[PEERS[0]]
    held = {MANIFEST: encode_manifest(short)}
    for part in short.parts():
        shift = 1 if part.kind is PartKind.IDS else 0
        held[part] = scene.parts.held[PartId(part.kind, part.number + shift)]
    liar.parts = replace(scene.parts, held=held)
    liar.offers = (offer_of(short),)
    scene.network.at_start = PEERS[:1]
    liar.hook = lambda _: scene.network.connect(PEERS[1])
    await scene.joiner().instead_of(FAR)
    assert_joined(scene, index_rows=0)
    assert f"m1 ({PEERS[0].hex()[:16]}) sent what is not right" in caplog.text


@pytest.mark.asyncio
async def test_a_silent_peers_part_comes_from_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining_peers, "ANSWER_WAIT_S", 0.05)
    scene = Scene.of(tmp_path)
    scene.peers[PEERS[0]].silent_about = frozenset({PartKind.STATE, PartKind.INDEX})
    await scene.joiner().instead_of(FAR)
    assert_joined(scene)
    assert scene.peers[PEERS[0]].asked, "it was asked"


@pytest.mark.asyncio
async def test_a_peer_that_leaves_in_the_middle_is_replaced(tmp_path: Path) -> None:
    scene = Scene.of(tmp_path)
    scene.network.at_start = PEERS[:1]

    def leave(part: PartId) -> None:
        if part.kind is PartKind.STATE and len(scene.network.there) == 1:
            scene.network.connect(PEERS[1])
            asyncio.get_running_loop().call_soon(scene.network.leave, PEERS[0])

    scene.peers[PEERS[0]].hook = leave
    await scene.joiner().instead_of(FAR)
    assert_joined(scene)
    assert len(set(scene.peers[PEERS[1]].asked)) > 1


@pytest.mark.asyncio
async def test_the_index_is_taken_only_if_more_than_may_lie_offer_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene.of(tmp_path)
    scene.network.at_start = PEERS[:1]
    await scene.joiner().instead_of(FAR)
    assert_joined(scene, index_rows=0)
    assert "the index of past transactions is not taken: 1 members offer it, 2" in caplog.text


@pytest.mark.asyncio
async def test_offers_of_nodes_that_do_not_vote_make_no_index_credible(tmp_path: Path) -> None:
    scene = Scene.of(tmp_path)
    stranger = bytes(32)
    scene.peers[stranger] = scene.peers[PEERS[1]]
    scene.network.at_start = (PEERS[0], stranger)
    await scene.joiner().instead_of(FAR)
    assert_joined(scene, index_rows=0)


@pytest.mark.asyncio
async def test_what_more_than_may_lie_offer_is_preferred_to_what_is_newer(tmp_path: Path) -> None:
    scene = Scene.of(tmp_path)
    newer = Offer(scene.manifest.height + 1_000, bytes(32), bytes(32))
    scene.peers[PEERS[0]].offers = (newer,)
    await scene.joiner().instead_of(FAR)
    assert_joined(scene)
    assert scene.peers[PEERS[0]].asked == []


@pytest.mark.asyncio
async def test_a_snapshot_that_leads_less_far_than_replay_is_worth_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene.of(tmp_path)
    monkeypatch.setattr(joining, "AHEAD_MIN", scene.manifest.height + 1)
    joiner = scene.joiner()
    with caplog.at_level("INFO"):
        await joiner.instead_of(FAR)
    assert not joiner.may_join, "the blocks are replayed, and it isn't asked for again"
    least = scene.manifest.height + 1
    told = f"none of the 3 peers asked (m1, m2, m3) offers a snapshot from {least} on: the blocks"
    assert told in caplog.text
    assert list(scene.config.data_dir.iterdir()) == []
    # Where the blocks are gone, it is all there is.
    again = scene.joiner()
    await again.instead_of(GONE)
    assert_joined(scene)


@pytest.mark.asyncio
async def test_where_the_history_is_gone_and_nobody_offers_anything_the_node_says_so(
    tmp_path: Path,
) -> None:
    scene = Scene.of(tmp_path)
    for peer in scene.peers.values():
        peer.offers = ()
    told = r"3 peers have pruned block 1; none of the 3 peers asked \(m1, m2, m3\) offers"
    with pytest.raises(NoSnapshotOffered, match=told):
        await scene.joiner().instead_of(GONE)


@pytest.mark.asyncio
async def test_a_snapshot_of_a_peer_that_connects_last_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "OFFERS_WAIT_S", 60)
    scene = Scene.of(tmp_path)
    for peer in PEERS[:2]:
        scene.peers[peer].offers = ()
    # With this node, they are a quorum.
    scene.network.at_start = PEERS[:2]
    joining_now = asyncio.ensure_future(scene.joiner().instead_of(GONE))
    done, _ = await asyncio.wait([joining_now], timeout=0.2)
    assert not done, "it waits"
    scene.network.connect(PEERS[2])
    await joining_now
    assert_joined(scene, index_rows=0)


@pytest.mark.asyncio
async def test_where_no_peer_connects_the_node_says_why_and_names_its_key(tmp_path: Path) -> None:
    scene = Scene.of(tmp_path)
    scene.network.at_start = ()
    with pytest.raises(NoSnapshotOffered) as caught:
        await scene.joiner().instead_of(GONE)
    told = str(caught.value)
    assert "no peer can be asked for a snapshot (m1: ConnectionRefusedError; m2: " in told
    own = key("node of m0").public_key
    assert told.endswith(f"is the key {own.hex()} registered? hushang member register")


@pytest.mark.asyncio
async def test_who_wants_to_replay_asks_for_no_snapshot(tmp_path: Path) -> None:
    scene = Scene.of(tmp_path, join="replay")
    joiner = scene.joiner()
    await joiner.at_start()
    with pytest.raises(HistoryGone):
        await joiner.instead_of(GONE)
    assert all(peer.asked == [] for peer in scene.peers.values())


@pytest.mark.asyncio
async def test_who_wants_a_snapshot_joins_at_its_start_and_waits_for_one(tmp_path: Path) -> None:
    scene = Scene.of(tmp_path, join="snapshot")
    held = scene.peers[PEERS[0]].offers
    for peer in scene.peers.values():
        peer.offers = ()
    joining_now = asyncio.ensure_future(scene.joiner().at_start())
    done, _ = await asyncio.wait([joining_now], timeout=0.2)
    assert not done, "it waits"
    for peer in scene.peers.values():
        peer.offers = held
    await joining_now
    assert_joined(scene)
    # Once joined, a start is a start.
    for peer in scene.peers.values():
        peer.asked.clear()
    await scene.joiner().at_start()
    assert_joined(scene)
    assert all(peer.asked == [] for peer in scene.peers.values())


@pytest.mark.asyncio
async def test_what_was_proven_is_not_fetched_again_after_an_interruption(tmp_path: Path) -> None:
    scene = Scene.of(tmp_path)
    stuck = asyncio.Event()
    for peer in scene.peers.values():
        peer.silent_about = frozenset({PartKind.IDS, PartKind.INDEX})
        peer.hook = lambda part: stuck.set() if part.kind is PartKind.INDEX else None
    first = asyncio.ensure_future(scene.joiner().instead_of(FAR))
    await stuck.wait()
    first.cancel()
    await asyncio.wait([first])
    proven = {path.name for path in (scene.config.data_dir / "joining").glob("*/*")}
    assert "manifest" in proven
    for peer in scene.peers.values():
        peer.silent_about = frozenset()
        peer.asked.clear()
    # A new process: it goes on by itself.
    await scene.joiner().at_start()
    assert_joined(scene)
    asked = {part.name for peer in scene.peers.values() for part in peer.asked}
    assert asked == {part.name for part in scene.wanted} - proven


@pytest.mark.asyncio
async def test_a_kept_file_that_a_power_cut_tore_is_fetched_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene.of(tmp_path)
    files = JoiningFiles(scene.config.data_dir)
    files.begin(0)
    kept = files.parts(joining._folder_of(offer_of(scene.manifest)))
    for part in scene.wanted:
        kept.keep(part, scene.parts.held[part])
    kept.keep(PartId(PartKind.STATE, 0), scene.parts.held[PartId(PartKind.STATE, 0)][:-1])
    await scene.joiner().at_start()
    assert_joined(scene)
    asked = {part for peer in scene.peers.values() for part in peer.asked}
    assert asked == {PartId(PartKind.STATE, 0)}
    assert "kept here and not right: state-00000" in caplog.text


@pytest.mark.asyncio
async def test_where_all_replaced_their_snapshot_the_new_one_is_taken(tmp_path: Path) -> None:
    scene = Scene.of(tmp_path)
    old = Offer(scene.manifest.height + 5, bytes(32), bytes(32))
    held = offer_of(scene.manifest)
    for peer in scene.peers.values():
        # What it offers is gone when it is asked for it.
        peer.offers = (old,)
        peer.parts = replace(scene.parts, held={})

    def replaced(_part: PartId) -> None:
        for peer in scene.peers.values():
            peer.offers, peer.parts = (held,), scene.parts

    scene.peers[PEERS[0]].hook = replaced
    await scene.joiner().instead_of(FAR)
    assert_joined(scene)


@pytest.mark.asyncio
async def test_a_node_with_an_old_chain_changes_its_database_for_the_snapshots(
    tmp_path: Path,
) -> None:
    scene = Scene.of(tmp_path)
    with closing(open_store(scene.config.data_dir / "db")) as store:
        Ledger(store, scene.world.genesis, Registry())
        store.write({schema.INDEX + b"of old": b""})
    (scene.config.data_dir / "journal").mkdir()
    await scene.joiner().instead_of(GONE)
    # Its promises stay.
    shutil.rmtree(scene.config.data_dir / "journal")
    assert_joined(scene)


@pytest.mark.asyncio
async def test_without_room_for_the_database_the_node_says_so_and_keeps_the_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene.of(tmp_path)
    usage = shutil.disk_usage(tmp_path)._replace(free=1024)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(ExceptionGroup) as caught:
            await scene.joiner().instead_of(FAR)
    assert caught.value.subgroup(DiskTooSmall) is not None
    for peer in scene.peers.values():
        peer.asked.clear()
    await scene.joiner().at_start()
    assert_joined(scene)
    assert all(peer.asked == [] for peer in scene.peers.values())
