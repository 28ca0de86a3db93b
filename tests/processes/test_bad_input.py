"""Bad input over real sockets: each refused by its rule's name, and four nodes that never mind."""

import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace

import msgpack
import pytest

from chain.codec import encode
from chain.crypto import PrivateKey
from chain.transaction import Operation, SignedTransaction, sign_transaction
from commerce.assets import AssetIssue
from commerce.checkout import OrderPay
from commerce.listings import ListingPublish, Terms
from commerce.payments import PayTransfer
from commerce.registry import operation
from commerce.roles import RoleGrant
from node.client import NodeRefused
from node.clock import now_ms
from node.keystore import find_passphrase, load_key
from node.testnet_layout import NodePlace
from p2p.frames import FRAME_SIZE_MAX, frame_header
from p2p.messages import PROTOCOL_VERSION, Hello, write_message
from p2p.tls import Credentials, NodeIdentity
from tests.processes.net import Net, running, until

Make = Callable[[Net], bytes]
TOO_MUCH_MINOR = 10**15


def pay(net: Net, amount_minor: int = 1) -> PayTransfer:
    return PayTransfer(net.account("merchant"), "CNY", amount_minor, None)


def signed_with(net: Net, **changes: object) -> bytes:
    content = net.content("buyer", operation("pay.transfer", pay(net)), **changes)
    return net.sign(content, "buyer")


def wrong_signature(net: Net) -> bytes:
    content = net.content("buyer", operation("pay.transfer", pay(net)))
    signed = sign_transaction(content, [(net.account("buyer"), net.key("buyer"))])
    (entry,) = signed.signatures
    forged = replace(entry, signature=entry.signature[:-1] + bytes([entry.signature[-1] ^ 1]))
    return encode(SignedTransaction(signed.content, (forged,)))


def signed_by_another(net: Net) -> bytes:
    content = net.content("buyer", operation("pay.transfer", pay(net)))
    return encode(sign_transaction(content, [(net.account("buyer"), net.key("merchant"))]))


def stranger(net: Net) -> bytes:
    content = replace(net.content("buyer", operation("pay.transfer", pay(net))), sender=bytes(32))
    return encode(sign_transaction(content, [(bytes(32), PrivateKey(bytes(32)))]))


def with_a_longer_length(net: Net) -> bytes:
    raw = net.payment()
    # The outer array of two as array16: the same value in more bytes.
    return b"\xdc\x00\x02" + raw[1:]


def unknown_type(net: Net) -> bytes:
    return net.signed("buyer", operation("pay.gift", pay(net)))


# What no valid block may hold: refused at the door with a 4xx.
AT_THE_DOOR: list[tuple[str, Make, str]] = [
    ("a wrong signature", wrong_signature, "SignatureInvalid"),
    ("another's signature", signed_by_another, "PolicyNotSatisfied"),
    ("an unknown sender", stranger, "SenderUnknown"),
    ("another chain", lambda net: signed_with(net, genesis_hash=bytes(32)), "WrongChain"),
    ("expired", lambda net: signed_with(net, valid_until_ms=now_ms() - 1), "TransactionExpired"),
    (
        "valid for too long",
        lambda net: signed_with(net, valid_until_ms=now_ms() + 3_600_000),
        "LifetimeTooLong",
    ),
    ("an unknown version", lambda net: signed_with(net, version=9), "VersionUnknown"),
    ("an unknown type", unknown_type, "OperationUnknown"),
    (
        "a malformed payload",
        lambda net: signed_with(net, operations=(Operation("pay.transfer", ()),)),
        "OperationMalformed",
    ),
    ("nothing", lambda _: b"", "EncodingInvalid"),
    ("no msgpack", lambda _: b"\xc1" * 40, "EncodingInvalid"),
    ("a byte too many", lambda net: net.payment() + b"\x00", "EncodingInvalid"),
    ("a byte too few", lambda net: net.payment()[:-1], "EncodingInvalid"),
    ("a length that is not minimal", with_a_longer_length, "EncodingInvalid"),
    ("another structure", lambda _: bytes(msgpack.packb([1, 2, 3])), "EncodingInvalid"),
    ("a megabyte and a byte", lambda _: b"\xc6" + bytes(1024 * 1024), "TooLarge"),
]


def wrong_role(net: Net) -> bytes:
    offer = ListingPublish("06901234000016", "CNY", 1, Terms(100, 0, None, None))
    return net.signed("buyer", operation("listing.publish", offer))


def not_the_issuer(net: Net) -> bytes:
    issue = AssetIssue("CNY", net.account("buyer"), 1, "mine")
    return net.signed("buyer", operation("asset.issue", issue))


def without_cosigners(net: Net) -> bytes:
    grant = RoleGrant(net.account("buyer"), "merchant", "", None)
    return net.signed("pudong", operation("role.grant", grant))


# What commerce refuses: decided, with a failed receipt and no effect.
IN_A_RECEIPT: list[tuple[str, Make, str]] = [
    ("an overspend", lambda net: net.payment(TOO_MUCH_MINOR), "InsufficientFunds"),
    (
        "an unknown order",
        lambda net: net.signed("buyer", operation("order.pay", OrderPay(bytes(32), 1))),
        "OrderUnknown",
    ),
    ("a wrong role", wrong_role, "RoleMissing"),
    ("another's asset", not_the_issuer, "NotTheIssuer"),
    ("a missing co-signer", without_cosigners, "CosignerMissing"),
]


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    with running(tmp_path_factory.mktemp("bad-input")) as made:
        yield made


def assert_unmoved(net: Net, before: list[dict[str, object]]) -> None:
    """All four ready and equal, and not a block more."""
    assert [status["block_hash"] for status in net.level()] == [s["block_hash"] for s in before]


@pytest.mark.parametrize(
    ("make", "rule"), [row[1:] for row in AT_THE_DOOR], ids=[row[0] for row in AT_THE_DOOR]
)
def test_what_no_block_may_hold_is_refused_at_the_door(net: Net, make: Make, rule: str) -> None:
    before = net.at_rest()
    for node in net.testnet.nodes:
        with pytest.raises(NodeRefused) as refusal:
            net.client(node).submit(make(net), timeout_s=20.0)
        assert refusal.value.told_code == rule
        assert 400 <= refusal.value.status < 500
    assert_unmoved(net, before)


@pytest.mark.parametrize(
    ("make", "rule"), [row[1:] for row in IN_A_RECEIPT], ids=[row[0] for row in IN_A_RECEIPT]
)
def test_what_commerce_refuses_is_a_failed_receipt(net: Net, make: Make, rule: str) -> None:
    outcome = net.decide(net.testnet.nodes[1], make(net))
    assert outcome.status == rule
    assert not outcome.events
    net.level()
    for node in net.testnet.nodes:
        assert net.get(node, f"/v1/receipts/{outcome.id}")["status"] == rule


def test_the_same_bytes_again_give_the_same_receipt_and_pay_once(net: Net) -> None:
    raw = net.payment(100)
    first = net.decide(net.testnet.nodes[0], raw)
    assert first.status == "ok"
    height = net.at_rest()[0]["height"]
    for node in net.testnet.nodes:
        again = net.decide(node, raw)
        assert (again.id, again.height, again.status) == (first.id, first.height, "ok")
    assert net.level()[0]["height"] == height


def context_of(net: Net, seed: bytes) -> ssl.SSLContext:
    """A dialler's TLS context for a node key, trusting the network's members."""
    members = net.get(net.testnet.nodes[0], "/v1/committee")["members"]
    keys = [bytes.fromhex(member["node_key"]) for member in members]
    return Credentials(NodeIdentity("intruder", seed), keys, now_ms).client_context()


def dialled(net: Net, node: NodePlace, seed: bytes) -> ssl.SSLSocket:
    sock = socket.create_connection(("127.0.0.1", node.p2p_port), timeout=10.0)
    return context_of(net, seed).wrap_socket(sock)


def read_to_the_end(sock: socket.socket) -> bytes:
    """Everything until the other side closes, however it does."""
    data = b""
    try:
        while piece := sock.recv(65_536):
            data += piece
    except (ConnectionError, ssl.SSLError):
        pass
    return data


def log_of(net: Net, node: NodePlace) -> str:
    return net.testnet.log_file(node).read_text()


def has_refused(net: Net, node: NodePlace, rule: str) -> bool:
    """Does the node count a connection that it refused by this rule?"""
    return f'hushang_p2p_refused_connections{{rule="{rule}"}}' in net.client(node).text("/metrics")


def test_an_unknown_peer_key_is_refused_before_any_byte_counts(net: Net) -> None:
    node, before = net.testnet.nodes[0], net.at_rest()
    try:
        with dialled(net, node, bytes(range(32))) as sock:
            assert read_to_the_end(sock) == b""
    except (ConnectionError, ssl.SSLError):
        pass
    until(lambda: has_refused(net, node, "NotAMember"), "the refusal is counted by name")
    assert_unmoved(net, before)


def test_a_stranger_without_tls_is_dropped(net: Net) -> None:
    node, before = net.testnet.nodes[0], net.at_rest()
    with socket.create_connection(("127.0.0.1", node.p2p_port), timeout=10.0) as sock:
        sock.sendall(struct.pack(">IB", 100, 1) + bytes(100))
        # At most a TLS alert comes back.
        assert len(read_to_the_end(sock)) < 16
    assert_unmoved(net, before)


def test_an_oversize_frame_of_a_member_ends_its_connection_by_name(net: Net) -> None:
    node, played = net.testnet.nodes[0], net.testnet.nodes[3]
    key_file = net.testnet.folder(played) / "node.key"
    seed = load_key(key_file, find_passphrase).seed
    net.kill(played)
    hello = Hello(
        PROTOCOL_VERSION, bytes.fromhex(net.testnet.genesis_hash), 1, played.name, 0, "intruder"
    )
    channel, payload = write_message(hello)
    with dialled(net, node, seed) as sock:
        sock.sendall(frame_header(channel, len(payload)) + payload)
        assert sock.recv(5), "the node greets a member"
        sock.sendall(struct.pack(">IB", FRAME_SIZE_MAX + 1, 1))
        read_to_the_end(sock)
    until(lambda: "FrameTooLarge" in log_of(net, node), "the fault is named in the log")
    net.start(played)
    net.level()


def test_afterwards_all_four_nodes_are_ready_and_equal_and_decide(net: Net) -> None:
    assert net.decide(net.testnet.nodes[2], net.payment()).status == "ok"
    statuses = net.level()
    assert len({status["state_root"] for status in statuses}) == 1
