"""Vectors of what everything stands on: canonical values, keys, policies, both kinds of trees."""

from chain import merkle
from chain.account import KeyPolicy, WeightedKey
from chain.bech32m import encode_account
from chain.codec import encode, pack
from chain.crypto import sha256
from chain.store_memory import MemoryStore
from chain.tree import StateTree, verify_proof
from tests.vectors.material import (
    FOUNDERS,
    SHARES,
    Json,
    key,
    public,
    seed,
    single,
    two_of_three,
    weighted,
)

PLAIN: tuple[tuple[str, object], ...] = (
    ("nil", None),
    ("true", True),
    ("zero", 0),
    ("the last fixint", 127),
    ("the first uint 8", 128),
    ("the last uint 8", 255),
    ("the first uint 16", 256),
    ("the first uint 32", 65_536),
    ("the first uint 64", 2**32),
    ("the largest integer", 2**64 - 1),
    ("the first negative fixint", -1),
    ("the last negative fixint", -32),
    ("the first int 8", -33),
    ("the first int 16", -129),
    ("the least integer", -(2**63)),
    ("empty bytes", b""),
    ("256 bytes", bytes(256)),
    ("empty text", ""),
    ("text of two code points", "龙井"),
    ("text with tab and line feed", "a\tb\n"),
    ("an emoji of Unicode 14.0", "\U0001fae0"),
    ("a private use character", "\ue000"),
    ("32 letters", "x" * 32),
    ("an array", (1, (b"\x02", "three"), None)),
    ("16 items", (0,) * 16),
    ("a map", {"a": 1, "b": {}, "ä": ()}),
    ("sixteen deep", ((((((((((((((((1,),),),),),),),),),),),),),),),)),
)

REFUSED: tuple[tuple[str, bytes], ...] = (
    ("nothing", b""),
    ("a byte too many", b"\x01\x00"),
    ("a byte too few", b"\x92\x01"),
    ("the byte that msgpack never uses", b"\xc1"),
    ("zero as uint 8", b"\xcc\x00"),
    ("127 as uint 8", b"\xcc\x7f"),
    ("255 as uint 16", b"\xcd\x00\xff"),
    ("65535 as uint 32", b"\xce\x00\x00\xff\xff"),
    ("1 as uint 64", b"\xcf" + bytes(7) + b"\x01"),
    ("128 as int 16", b"\xd1\x00\x80"),
    ("5 as int 8", b"\xd0\x05"),
    ("-1 as int 8", b"\xd0\xff"),
    ("-33 as int 16", b"\xd1\xff\xdf"),
    ("a float", b"\xcb\x3f\xf0" + bytes(6)),
    ("a short float", b"\xca\x3f\x80\x00\x00"),
    ("an extension", b"\xd4\x05\x00"),
    ("a timestamp", b"\xd6\xff\x00\x00\x00\x01"),
    ("short text as str 8", b"\xd9\x01a"),
    ("short bytes as bin 16", b"\xc5\x00\x01a"),
    ("a short array as array 16", b"\xdc\x00\x01\x01"),
    ("a short map as map 16", b"\xde\x00\x01\xa1a\x01"),
    ("a map with unsorted keys", b"\x82\xa1b\x01\xa1a\x02"),
    ("a map with a key twice", b"\x82\xa1a\x01\xa1a\x02"),
    ("a map with a number as key", b"\x81\x01\x02"),
    ("a map with bytes as key", b"\x81\xc4\x01a\x02"),
    ("text that is no UTF-8", b"\xa1\xff"),
    ("an overlong UTF-8 form", b"\xa2\xc1\x81"),
    ("a surrogate", b"\xa3\xed\xa0\x80"),
    ("text that is not in NFC", pack("e\u0301")),
    ("a code point that Unicode 14.0 does not assign", pack("\u0378")),
    ("a code point of Unicode 15.0", pack("\U0001fae8")),
    ("a noncharacter", pack("\ufdd0")),
    ("a zero character", pack("a\x00")),
    ("a carriage return", pack("a\r\n")),
    ("a delete character", pack("\x7f")),
    ("a control character of Latin 1", pack("\x85")),
    ("seventeen deep", b"\x91" * 17 + b"\x01"),
    ("a map key of 257 letters", pack({"k" * 257: 1})),
    ("an array longer than the bytes", b"\xdd\xff\xff\xff\xff"),
    ("65537 items", b"\xdd\x00\x01\x00\x01" + b"\x01" * 65_537),
)


def canonical() -> Json:
    """Free values and their one encoding, and bytes that are none."""
    return {
        "plain": [
            {"name": name, "value": tagged(value), "bytes": pack(value).hex()}
            for name, value in PLAIN
        ],
        "refused": [{"name": name, **_bytes(data)} for name, data in REFUSED],
    }


def _bytes(data: bytes) -> Json:
    """Hex; a long tail of one byte as a count."""
    tail = len(data) - len(data.rstrip(data[-1:])) if data else 0
    if tail < 1000:
        return {"bytes": data.hex()}
    return {"bytes": data[:-tail].hex(), "then": data[-1:].hex(), "times": tail}


def tagged(value: object) -> Json:
    """A free value in JSON, without loss: integers as text, bytes as hex."""
    match value:
        case None | True | False:
            return value
        case int():
            return {"int": str(value)}
        case bytes():
            return {"bytes": value.hex()}
        case str():
            return {"text": value}
        case tuple():
            return {"array": [tagged(entry) for entry in value]}
        case dict():
            return {"map": [[name, tagged(entry)] for name, entry in value.items()]}
        case _:
            raise TypeError(value)


def keys() -> Json:
    """Keys from their seeds, and signatures that hold and that don't."""
    names = [*FOUNDERS, *(f"node of {name}" for name in FOUNDERS), *SHARES]
    names += ["issuer", "shop", "buyer", "erp", "director", "clerk 1", "clerk 2", "stranger"]
    message, signer = b"tea", key("buyer")
    signature = signer.sign(message)
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signature[32:], "little")
    malleable = signature[:32] + (scalar + order).to_bytes(32, "little")
    neutral = (1).to_bytes(32, "little")
    rows = [
        ("valid", signer.public_key, message, signature, True),
        ("of an empty message", signer.public_key, b"", signer.sign(b""), True),
        ("another message", signer.public_key, b"tee", signature, False),
        ("another key", public("shop"), message, signature, False),
        ("S not below the order", signer.public_key, message, malleable, False),
        ("a key of order 1 that fits every message", neutral, message, neutral + bytes(32), False),
    ]
    return {
        "keys": [
            {"name": name, "seed": seed(name).hex(), "public_key": public(name).hex()}
            for name in names
        ],
        "signatures": [
            {
                "name": name,
                "public_key": public_key.hex(),
                "message": signed.hex(),
                "signature": made.hex(),
                "valid": valid,
            }
            for name, public_key, signed, made, valid in rows
        ],
        "keys_refused": [
            {"name": name, "public_key": encoded.hex()} for name, encoded in refused_keys()
        ],
    }


def refused_keys() -> list[tuple[str, bytes]]:
    """Encodings that no policy may hold."""
    prime = 2**255 - 19
    order_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
    sign = 1 << 255
    numbers = {
        "the neutral element": 1,
        "the neutral element with a sign": 1 | sign,
        "a point of order 2": prime - 1,
        "a point of order 4": 0,
        "a point of order 4 with a sign": sign,
        "a point of order 8": order_8,
        "its negative y with a sign": (prime - order_8) | sign,
        "y equal to the prime": prime,
        "y above the prime": prime + 3,
        "y that is on no point of the curve": 2,
    }
    return [(name, number.to_bytes(32, "little")) for name, number in numbers.items()]


def accounts() -> Json:
    """Policies, ids and addresses, and those that are refused."""
    made = {
        "one key": single("buyer"),
        "2 of 3": two_of_three(),
        "by weight": weighted(),
        "16 keys": _wide(16),
    }
    first, second = sorted((public("share 1"), public("share 2")))
    refused = {
        "threshold 0": KeyPolicy((WeightedKey(first, 1),), 0),
        "a threshold out of reach": KeyPolicy((WeightedKey(first, 1),), 2),
        "a weight of 0": KeyPolicy((WeightedKey(first, 0), WeightedKey(second, 1)), 1),
        "a weight of 1001": KeyPolicy((WeightedKey(first, 1001),), 1),
        "unsorted keys": KeyPolicy((WeightedKey(second, 1), WeightedKey(first, 1)), 1),
        "a key twice": KeyPolicy((WeightedKey(first, 1), WeightedKey(first, 1)), 2),
        "no key": KeyPolicy((), 1),
        "17 keys": _wide(17),
        "a key of low order": KeyPolicy((WeightedKey((1).to_bytes(32, "little"), 1),), 1),
    }
    return {
        "policies": [
            {
                "name": name,
                "threshold": policy.threshold,
                "keys": [[entry.public_key.hex(), entry.weight] for entry in policy.keys],
                "bytes": encode(policy).hex(),
                "account": policy.account_id().hex(),
                "address": encode_account(policy.account_id()),
            }
            for name, policy in made.items()
        ],
        "policies_refused": [
            {"name": name, "bytes": encode(policy).hex()} for name, policy in refused.items()
        ],
        "addresses_refused": _bad_addresses(encode_account(single("buyer").account_id())),
    }


def _wide(count: int) -> KeyPolicy:
    entries = sorted(public(f"wide {i}") for i in range(count))
    return KeyPolicy(tuple(WeightedKey(entry, 1) for entry in entries), count)


def _bad_addresses(good: str) -> list[Json]:
    rows = {
        "upper case": good.upper(),
        "mixed case": good[:10] + good[10:].upper(),
        "another prefix": "bc" + good[2:],
        "a character changed": good[:20] + ("q" if good[20] != "q" else "p") + good[21:],
        "two characters swapped": good[:20] + good[21] + good[20] + good[22:],
        "cut": good[:-1],
        "a character more": good + "q",
        "a letter outside the alphabet": good[:20] + "b" + good[21:],
        "a blank behind": good + " ",
    }
    return [{"name": name, "address": text} for name, text in rows.items()]


def merkle_trees() -> Json:
    """RFC 6962 roots with proofs of inclusion and consistency."""
    leaves = [sha256(bytes([i]))[: i * 5] for i in range(9)]
    sizes = (0, 1, 2, 3, 4, 5, 7, 8, 9)
    return {
        "leaves": [leaf.hex() for leaf in leaves],
        "roots": [{"size": n, "root": merkle.root(leaves[:n]).hex()} for n in sizes],
        "inclusion": [
            {
                "size": n,
                "index": i,
                "path": [entry.hex() for entry in merkle.inclusion_proof(leaves[:n], i)],
            }
            for n in (1, 2, 5, 7, 9)
            for i in range(n)
        ],
        "consistency": [
            {
                "old": m,
                "new": n,
                "path": [entry.hex() for entry in merkle.consistency_proof(leaves[:n], m)],
            }
            for n in (1, 2, 5, 8, 9)
            for m in range(1, n + 1)
        ],
    }


def _tree_entries() -> dict[str, dict[bytes, bytes]]:
    plain = {f"key {i}".encode(): f"value {i}".encode() for i in range(400)}
    # Keys whose paths share their first digit: the root has 17 keys in one child.
    crowded = [f"crowd {i}".encode() for i in range(1000)]
    chosen = [name for name in crowded if sha256(b"\x10" + name)[0] >> 4 == 7]
    deep = sorted(crowded, key=lambda name: sha256(b"\x10" + name))[:40]
    return {
        "empty": {},
        "one key": dict([*plain.items()][:1]),
        "an empty value": {b"key": b""},
        "16 keys": dict([*plain.items()][:16]),
        "17 keys": dict([*plain.items()][:17]),
        "17 keys of one first digit": dict.fromkeys(chosen[:17], b"x"),
        "40 neighbours": dict.fromkeys(deep, b"y"),
        "400 keys": plain,
    }


def state_trees() -> Json:
    """Roots of key sets, and proofs of membership and absence."""
    cases = []
    for name, entries in _tree_entries().items():
        tree = StateTree.open(MemoryStore(), b"t")
        staged = tree.stage(entries)
        tree.commit(staged)
        asked = [*sorted(entries)[:2], b"absent", b"absent too"]
        proofs = [(wanted, entries.get(wanted), tree.prove(wanted)) for wanted in asked]
        assert all(verify_proof(tree.root, *row) for row in proofs)
        cases.append(
            {
                "name": name,
                "entries": [[k.hex(), v.hex()] for k, v in sorted(entries.items())],
                "root": tree.root.hex(),
                "proofs": [
                    {
                        "key": wanted.hex(),
                        "value": None if value is None else value.hex(),
                        "proof": proof.hex(),
                    }
                    for wanted, value, proof in proofs
                ],
            }
        )
    return {"cases": cases}
