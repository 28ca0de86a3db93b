"""Vectors of blocks: genesis, header, receipts, votes of every type, certificates good and bad."""

from dataclasses import fields, replace

from chain.block import (
    Block,
    Certificate,
    CommitSignature,
    Event,
    Header,
    Receipt,
    VoteType,
    commit_bytes,
    receipts_root,
    system_receipt_id,
    transactions_root,
    vote_bytes,
)
from chain.codec import encode
from chain.crypto import sha256
from chain.genesis import genesis_certificate, genesis_header
from chain.transaction import body_hash, transaction_id
from chain.votes import PreparedCertificate, SignedVote, ViewChange
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
    encode_message,
)
from consensus.signing import signing_bytes
from tests.vectors.make_basics import tagged
from tests.vectors.material import FOUNDERS, Json, account, certify, examples, genesis, key, public

BODIES = tuple(encode(example.signed()) for example in examples()[:3])
IDS = tuple(transaction_id(example.signed().content) for example in examples()[:3])


def header() -> Header:
    """A header of height 7 over three bodies."""
    made = genesis()
    return replace(
        genesis_header(made),
        height=7,
        parent_hash=sha256(b"parent"),
        view=2,
        parent_view=1,
        time_ms=made.time_ms + 60_000,
        proposer=3,
        transactions_root=transactions_root([body_hash(raw) for raw in BODIES]),
        transactions_count=len(BODIES),
        state_root=sha256(b"state"),
        receipts_root=receipts_root(receipts()),
    )


def receipts() -> tuple[Receipt, ...]:
    """A success with events, a failure, a system transition, a failed one."""
    paid = Event(
        "pay.transferred",
        {
            "amount_minor": 12_900,
            "sender": account("buyer"),
            "symbol": "CNY",
            "to": account("shop"),
        },
    )
    return (
        Receipt(IDS[0], "ok", None, (paid, Event("empty", {}))),
        Receipt(IDS[1], "InsufficientFunds", 1, ()),
        Receipt(system_receipt_id("sys.order.pay", 7, 0), "ok", None, ()),
        Receipt(system_receipt_id("sys.order.ship", 7, 1), "InvariantBreach", 0, ()),
    )


def blocks() -> Json:
    """Genesis, header, block and receipts with their hashes."""
    made, head, results = genesis(), header(), receipts()
    return {
        "genesis": {
            "bytes": encode(made).hex(),
            "hash": made.hash().hex(),
            "committee": encode(made.committee()).hex(),
            "committee_hash": made.committee().hash().hex(),
            "header": encode(genesis_header(made)).hex(),
            "digest": genesis_header(made).digest().hex(),
            "certificate": encode(genesis_certificate(made)).hex(),
        },
        "header": {
            "fields": {field.name: tagged(getattr(head, field.name)) for field in fields(Header)},
            "bytes": encode(head).hex(),
            "digest": head.digest().hex(),
        },
        "block": encode(Block(head, BODIES)).hex(),
        "body_hashes": [body_hash(raw).hex() for raw in BODIES],
        "receipts": [encode(receipt).hex() for receipt in results],
        "receipts_root": receipts_root(results).hex(),
        "system_receipt_ids": [
            {"kind": kind, "height": height, "index": index, "id": made_id.hex()}
            for kind, height, index, made_id in (
                (kind, height, index, system_receipt_id(kind, height, index))
                for kind, height, index in (("sys.order.pay", 7, 0), ("sys.order.ship", 7, 1))
            )
        ],
    }


def votes() -> Json:
    """What each type of vote signs, and each message that carries one."""
    made = genesis()
    body = sha256(b"body")
    slots = [
        (kind, epoch, view, height, b"" if kind is VoteType.COMPLAINT else body)
        for kind in VoteType
        for epoch, view, height in ((0, 0, 1), (1, 2**53 - 1, 2**53))
    ]
    return {
        "genesis_hash": made.hash().hex(),
        "signed": [
            {
                "type": int(kind),
                "epoch": epoch,
                "view": view,
                "height": height,
                "body": content.hex(),
                "bytes": vote_bytes(made.hash(), epoch, kind, view, height, content).hex(),
                "public_key": public("node of xuhui").hex(),
                "signature": key("node of xuhui")
                .sign(vote_bytes(made.hash(), epoch, kind, view, height, content))
                .hex(),
            }
            for kind, epoch, view, height, content in slots
        ],
        "messages": [
            {
                "name": type(message).__name__,
                "bytes": encode_message(message).hex(),
                "signing": signing_bytes(message, made.hash(), 0).hex(),
            }
            for message in messages()
        ],
    }


def _sign(message: Message) -> Message:
    signer = key(f"node of {FOUNDERS[message.member]}")
    return replace(message, signature=signer.sign(signing_bytes(message, genesis().hash(), 0)))


def messages() -> tuple[Message, ...]:
    """One of each, signed; the ViewChange with and without a prepared certificate."""
    head, blank = header(), bytes(64)
    parent = certify(replace(head, height=6), view=1)
    hashes = tuple(body_hash(raw) for raw in BODIES)
    proposal = _sign(PrePrepare(2, 3, head, hashes, parent, blank))
    vote = Prepare(2, 7, head.digest(), 0, blank)
    prepares = [_sign(replace(vote, member=member)) for member in (0, 1)]
    prepared = PreparedCertificate(
        2,
        head,
        3,
        proposal.signature,
        tuple(CommitSignature(entry.member, entry.signature) for entry in prepares),
    )
    plain = _sign(ViewChange(3, 0, parent, None, blank))
    loaded = _sign(ViewChange(3, 1, parent, prepared, blank))
    assert isinstance(plain, ViewChange)
    assert isinstance(loaded, ViewChange)
    return (
        proposal,
        prepares[0],
        _sign(Commit(2, 7, head.digest(), 2, blank)),
        plain,
        loaded,
        _sign(NewView(3, 7, 2, (plain, loaded), blank)),
        _sign(Complaint(2, 7, 1, blank)),
        _sign(Status(3, 0, True, parent, blank)),  # noqa: FBT003
        *_recovery(parent, loaded, prepares[1]),
    )


def _recovery(parent: Certificate, change: ViewChange, vote: Message) -> tuple[Message, ...]:
    """The question of a replica that started, an empty answer, and one with what it had said."""
    assert isinstance(vote, Prepare)
    asker, nonce = public(f"node of {FOUNDERS[change.member]}"), 2**64 - 1
    cast = SignedVote(
        VoteType.PREPARE, vote.view, vote.height, vote.digest, vote.member, vote.signature
    )
    nothing = RecoveryReply(2, asker, nonce, 0, parent, (), None, bytes(64))
    shown = replace(nothing, view=3, member=2, votes=(cast,), view_change=change)
    question = RecoveryQuery(0, 6, nonce, change.member, bytes(64))
    return tuple(_sign(message) for message in (question, nothing, shown))


def certificates() -> Json:
    """Certificates of one header, and all that are none, with the reason."""
    made, head = genesis(), header()
    good = certify(head)
    valid = {
        "a quorum of three": good,
        "another quorum": certify(head, (1, 2, 3)),
        "all four": certify(head, (0, 1, 2, 3)),
        "of a later view": certify(head, view=9),
    }
    return {
        "genesis_hash": made.hash().hex(),
        "committee": encode(made.committee()).hex(),
        "committee_hash": made.committee().hash().hex(),
        "header": encode(head).hex(),
        "signed": commit_bytes(made.hash(), 0, good).hex(),
        "valid": [{"name": name, "bytes": encode(entry).hex()} for name, entry in valid.items()],
        "invalid": [
            {"name": name, "bytes": encode(entry).hex()}
            for name, entry in _invalid(head, good).items()
        ],
    }


def _invalid(head: Header, good: Certificate) -> dict[str, Certificate]:
    entries = good.signatures
    other = certify(replace(head, time_ms=head.time_ms + 1))
    prepare = vote_bytes(
        head.genesis_hash, 0, VoteType.PREPARE, good.view, good.height, good.digest
    )

    def last(signature: bytes, member: int = 2) -> Certificate:
        return replace(good, signatures=(*entries[:2], CommitSignature(member, signature)))

    commit = commit_bytes(head.genesis_hash, 0, good)
    return {
        "no signatures": replace(good, signatures=()),
        "below the quorum": certify(head, (0, 1)),
        "unsorted": replace(good, signatures=entries[::-1]),
        "a member twice": replace(good, signatures=(*entries[:2], entries[1])),
        "a member twice beside a quorum": replace(good, signatures=(*entries, entries[2])),
        "a member beyond the committee": last(entries[2].signature, 4),
        "a stranger's signature": last(key("stranger").sign(commit)),
        "an account key instead of the node's": last(key("jingan").sign(commit)),
        "another member's signature": last(entries[1].signature),
        "a Commit on another digest": last(other.signatures[2].signature),
        "a Prepare": last(key("node of jingan").sign(prepare)),
        "a bad signature beside a quorum": replace(
            good, signatures=(*entries, CommitSignature(3, bytes(64)))
        ),
        "another view": replace(good, view=good.view + 1),
        "another height": replace(good, height=good.height + 1),
        "another digest": replace(good, digest=other.digest),
        "of another chain": certify(replace(head, genesis_hash=bytes(32))),
        "of another epoch": certify(replace(head, epoch=1)),
    }
