"""A story's market: company prefixes that fit GS1, and papers that stay off the chain."""

from chain.crypto import sha256
from commerce.roles import is_prefix
from node.demo.market import PREFIX_TAKEN, document, new_prefix


def test_a_new_prefix_is_one_and_never_within_the_merchants() -> None:
    for _ in range(100):
        prefix = new_prefix()
        assert is_prefix(prefix)
        assert not prefix.startswith(PREFIX_TAKEN)


def test_of_a_paper_the_chain_gets_the_hash() -> None:
    assert document("a photograph") == sha256(b"a photograph")
