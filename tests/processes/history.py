"""What must hold of a test network after any fault: one history, and nothing acknowledged lost."""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from contextlib import closing, contextmanager

from chain.codec import decode
from chain.ledger import Ledger
from chain.store import open_store
from chain.transaction import SignedTransaction, transaction_id
from commerce.registry import Registry
from node.genesis_file import load_genesis
from node.testnet_layout import GENESIS, NodePlace
from tests.processes.net import Load, Net
from tests.processes.promises import Promises, complaints

# Receipts asked of every node's API.
SERVED = 40
# Whoever was told nothing may try again; any other answer to a payment is a fault.
UNTOLD = {"OutcomeUnknown", "NodeUnreachable"}


def assert_same_history(net: Net, nodes: Sequence[NodePlace] = ()) -> None:
    """All these nodes report one block hash and one state root at each height."""
    height = net.level(nodes)[0]["height"]
    for at in range(height + 1):
        headers = [net.get(node, f"/v1/headers/{at}") for node in nodes or net.testnet.nodes]
        assert len({header["header"]["hash"] for header in headers}) == 1
        assert len({header["header"]["state_root"] for header in headers}) == 1


def assert_served(net: Net, load: Load) -> None:
    """The newest receipts that clients were given are served by every node."""
    for known_id, (_, receipt) in list(load.acknowledged.items())[-SERVED:]:
        for node in net.testnet.nodes:
            known = net.get(node, f"/v1/receipts/{known_id}")
            assert known | {"certified": True} == receipt | {"certified": True}


@contextmanager
def ledger_of(net: Net, node: NodePlace) -> Iterator[Ledger]:
    """The ledger of a node that doesn't run."""
    genesis = load_genesis(net.testnet.directory / GENESIS)
    with closing(open_store(net.testnet.data_dir(node) / "db")) as store:
        yield Ledger(store, genesis, Registry())


def assert_one_history(net: Net, load: Load, untold: Set[str] = UNTOLD) -> None:
    """From the stores of dead nodes: equal headers, and every receipt that a client was given.

    `untold`: what else a client may have been told.
    """
    histories = []
    for node in net.testnet.nodes:
        with ledger_of(net, node) as ledger:
            heights = range(ledger.tip.height + 1)
            headers = [ledger.header(height) for height in heights]
            histories.append([header.digest() if header else b"" for header in headers])
            for known_id, (_, receipt) in load.acknowledged.items():
                found = ledger.find_receipt(bytes.fromhex(known_id))
                assert found is not None, f"{known_id} was acknowledged; {node.name} lost it"
                place, known = found
                assert place.height == receipt["height"]
                assert known.status == receipt["status"]
    assert all(history == histories[0] for history in histories)
    assert set(load.refused) <= untold


def assert_taken_once(net: Net, load: Load) -> None:
    """From a dead node's store: no transaction stands twice, and all that was acknowledged once."""
    found: Counter[str] = Counter()
    with ledger_of(net, net.testnet.nodes[0]) as ledger:
        for height in range(1, ledger.tip.height + 1):
            block = ledger.block(height)
            assert block is not None
            contents = (decode(SignedTransaction, body).content for body in block.bodies)
            found.update(transaction_id(content).hex() for content in contents)
    assert [key for key, count in found.items() if count > 1] == []
    assert [key for key in load.acknowledged if key not in found] == []


def assert_all_well(net: Net, load: Load, promises: Promises, untold: Set[str] = UNTOLD) -> int:
    """Stop the load, let all come to one height and kill them; then all that must hold. The height.

    One history with everything once, nobody signed two things, no node logged an error.
    """
    load.stop()
    height = int(net.level()[0]["height"])
    net.kill_all()
    promises.read_all()
    assert_one_history(net, load, untold)
    assert_taken_once(net, load)
    assert promises.conflicts == [], "somebody signed two things"
    assert complaints(net.testnet) == [], "a node logged an error"
    return height
