"""The refusals of the ledger: one shallow tree, each class named after the broken rule.

The class name is the stable code: it is the status of a failed receipt, the `code` of an API
problem and what `hushang explain` looks up. Expected refusals are raised; broken invariants of our
own are asserts; a storage error is neither (it is fatal, see `chain.store`).
"""

from typing import ClassVar, TypeVar

E = TypeVar("E", bound=BaseException)


def as_value(error: E) -> E:
    """The same error, to be kept or answered and raised no further: without its way here.

    Its traceback holds the frames that it passed, theirs their callers (from CPython 3.11 on), and
    these what was refused. Where one of them holds the error too, as whatever keeps it will, that
    is a circle: megabytes of a stranger's would stay until the collector looks for such.
    """
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


class HushangError(Exception):
    """Anything that was refused for a reason with a name."""

    hint: ClassVar[str] = ""

    @property
    def code(self) -> str:
        """The stable name of the broken rule."""
        return type(self).__name__


class LedgerError(HushangError):
    """A rule of the ledger or of commerce was broken; the sender's fault."""


class ProtocolError(HushangError):
    """Bytes of a peer broke the protocol; the peer's fault."""


class EncodingInvalid(LedgerError):
    """Bytes are not the canonical encoding of what they claim to be."""

    hint = (
        "encode as docs/protocol.md says, or with the Client; hushang debug decode names what "
        "is wrong"
    )


class TooLarge(EncodingInvalid):
    """A cap on size, depth or number of nodes was exceeded."""

    hint = "send less at once: split a long list over several transactions or requests"


class TextNotCanonical(EncodingInvalid):
    """Text is not NFC, or has a control character or one that Unicode 14.0 does not assign."""

    hint = "normalise the text to NFC and take out control characters, line breaks among them"


class KeyRefused(LedgerError):
    """A public key is malformed, non-canonical or of low order."""

    hint = "take a key that hushang keys new made: 32 bytes, an Ed25519 point"


class PolicyMalformed(LedgerError):
    """A policy's keys ascend and are distinct, weights are 1 to 1000, its threshold is in reach."""

    hint = (
        "sort the keys and name each once; threshold at most the sum of the weights, each 1 to 1000"
    )


class AddressMalformed(LedgerError):
    """A text is no bech32m account id of this project."""

    hint = "give the hs1… id; names are those of a test network or a context"


class SignatureInvalid(LedgerError):
    """A signature does not verify for its key and message."""

    hint = "sign the very bytes that are sent, for this chain's genesis: hushang tx sign does"


class SignaturesUnsorted(LedgerError):
    """Signature entries ascend by account, then key; none stands twice."""

    hint = "hushang tx sign puts them in order; a transaction has one signature at least"


class WrongChain(LedgerError):
    """The transaction, or the proof, is of a chain with another genesis."""

    hint = "use the genesis.json of that chain; a test network's lies in its directory"


class VersionUnknown(LedgerError):
    """The format version is not one this software speaks."""

    hint = (
        "install the newest release; if you have it, whoever made the bytes wrote a wrong version"
    )


class TransactionExpired(LedgerError):
    """Block time is past the transaction's `valid_until_ms`."""

    hint = (
        "hushang tx show ID tells if it was decided in time; if not, sign it anew, valid for longer"
    )


class LifetimeTooLong(LedgerError):
    """`valid_until_ms` lies further ahead than `transaction_lifetime_max_ms`."""

    hint = "set valid_until_ms nearer (--valid-for), or wait; is this machine's clock ahead?"


class TransactionRepeated(LedgerError):
    """The transaction's id was decided before and is still remembered."""

    hint = "nothing is left to do: hushang tx show ID tells what came of it"


class OperationUnknown(LedgerError):
    """No native transaction type has this name."""

    hint = "GET /v1/transaction-types lists those of the node: is it of an older release than you?"


class OperationNotInForce(LedgerError):
    """The chain's protocol version doesn't have this operation yet."""

    hint = "wait for the height where a quorum puts it in force: hushang upgrade show"


class OperationMalformed(LedgerError):
    """An operation's payload does not fit its type."""

    hint = "docs/transactions.md and GET /v1/transaction-types name every field and its limits"


class SenderUnknown(LedgerError):
    """The sender has no account on this chain."""

    hint = "open the account first; if it has one, this node may be of another chain"


class PolicyNotSatisfied(LedgerError):
    """The sender's signatures do not reach the threshold of its key policy."""

    hint = (
        "sign with more keys of the account, or one delegated for this type: hushang account "
        "show ACCOUNT"
    )


class CosignerMissing(LedgerError):
    """A party whose consent the operation needs did not sign."""

    hint = "on the command line: --cosign KEYFILE, or --cosign NAME in a test network"


class ResultMalformed(LedgerError):
    """What the rules computed does not fit its own type; it was undone (an alarm)."""

    hint = (
        "nothing happened; report the transaction's id to a member: this is an error of the "
        "software"
    )


class IndexUnproven(LedgerError):
    """An index entry that the state doesn't prove, or that another one there contradicts."""

    hint = "take the snapshot from another node: this one's disk is damaged, or its owner lies"


class InvariantBreach(LedgerError):
    """The transaction would have broken an invariant of money; it was undone (an alarm)."""

    hint = (
        "nothing happened; report the transaction's id to a member: this is an error of the "
        "software"
    )


class BlockInvalid(LedgerError):
    """A block breaks a rule that every correct proposer keeps."""

    hint = (
        "take the block from another node; keep these bytes for the members: no correct node "
        "makes them"
    )


class EvidenceMalformed(LedgerError):
    """The bytes are no evidence in canonical form."""

    hint = "take raw of GET /v1/evidence, or of hushang evidence show -o json, as it is"


class CertificateInvalid(LedgerError):
    """A certificate is not a quorum of valid Commits of this committee on one digest."""

    hint = (
        "take header and certificate from another node, and check that the genesis is this chain's"
    )


class EpochUnexpected(LedgerError):
    """The header is of another epoch than the committee that should have decided it."""

    hint = "show the headers that change the committee one after another"


class HeaderOutdated(LedgerError):
    """The header is below what was shown before, or below its committee's first height."""

    hint = (
        "show headers in ascending order, and ask the node for a newer one: GET "
        "/v1/headers/{height}"
    )


class CommitteeUnproven(LedgerError):
    """The next committee is not the one whose hash the certified header names."""

    hint = "fetch the committee of the next epoch from another node: hushang committee show EPOCH"


class ProofInvalid(LedgerError):
    """A Merkle proof does not lead to its root."""

    hint = "believe nothing of it; fetch the proof from another node: hushang proof"


class BundleInvalid(LedgerError):
    """A proof bundle does not hold."""

    hint = "believe nothing of it; fetch the bundle from another node: hushang proof"


class BundleDamaged(BundleInvalid):
    """The check sum at the end of a proof bundle is not that of its bytes."""

    hint = "fetch the bundle again, and keep it as bytes, not as text"


class BundleMalformed(BundleInvalid):
    """The bytes are no proof bundle, or its parts are out of order, repeated or empty."""

    hint = "fetch the bundle again with hushang proof, and keep its bytes as they are"


class AnchorUntrusted(BundleInvalid):
    """A bundle starts from a header that the verifier was not told to trust."""

    hint = (
        "give the header you trust as HEIGHT:DIGEST, or fetch a bundle that starts at the genesis"
    )


class StepUnneeded(BundleInvalid):
    """A bundle follows a change of the committee that no claim in it needs."""

    hint = "fetch the bundle again with hushang proof: it leaves such steps out"


class EpochOver(BundleInvalid):
    """The header lies above the one with which its epoch's committee named the next."""


class HeadersContradict(BundleInvalid):
    """Two certified headers of one height differ: more members lie than the chain can bear."""

    hint = (
        "keep both headers and show them to a regulator; trust neither node until the members "
        "explain"
    )


class HeadInvalid(BundleInvalid):
    """A head statement is repeated, of no member, about another header, or not signed."""

    hint = "fetch the proof again, with --heads from another node; nothing shows how recent it is"


class ProofStale(BundleInvalid):
    """A proof is older than asked for, and not enough members say that nothing is newer."""

    hint = "fetch it again: hushang proof --heads asks the members what their newest header is"


class HistoryPruned(LedgerError):
    """This node keeps blocks and receipts from a later height on; headers and state are here."""

    hint = "ask a node that keeps the whole history, or read its archive"


class GenesisInvalid(LedgerError):
    """The genesis contradicts itself or lacks something."""

    hint = "mend what the detail names, or ask who made the file; then hushang genesis check"
