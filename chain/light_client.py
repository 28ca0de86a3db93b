"""A light client: who decides the chain, followed from the genesis alone, without a node.

One certified header for each change of the committee is enough (docs/adr/0060); who shows them need
not be trusted. A certified header proves the rest: the state through `chain.tree_proof` under its
state root, receipts and transactions through `chain.merkle`.
"""

from dataclasses import dataclass

from chain import crypto
from chain.block import (
    BLOCK_VERSION,
    NO_HASH,
    Certificate,
    Header,
    SignatureVerifier,
    check_certificate,
)
from chain.committee import Committee
from chain.errors import (
    CertificateInvalid,
    CommitteeUnproven,
    EpochUnexpected,
    HeaderOutdated,
    VersionUnknown,
    WrongChain,
)
from chain.genesis import Genesis


@dataclass(slots=True)
class CommitteeChain:
    """Follows the committees. `committee` decides the heights from `first_height` on, until a
    header shown to `advance` names the next; `height` is that of the newest one shown.

    To go on later, keep these four and construct it with them.
    """

    genesis_hash: bytes
    committee: Committee
    first_height: int = 1
    height: int = 0
    verify: SignatureVerifier = crypto.verify

    @classmethod
    def of(cls, genesis: Genesis, verify: SignatureVerifier = crypto.verify) -> "CommitteeChain":
        """From the genesis, which is trusted, on."""
        return cls(genesis.hash(), genesis.committee(), verify=verify)

    def check(self, header: Header, certificate: Certificate) -> None:
        """Refuse a header that the present committee has not decided; changes nothing.

        Raises `VersionUnknown`, `WrongChain`, `EpochUnexpected`, `HeaderOutdated` or
        `CertificateInvalid`.
        """
        if header.version != BLOCK_VERSION:
            msg = f"header version {header.version}; this software speaks {BLOCK_VERSION}"
            raise VersionUnknown(msg)
        if header.genesis_hash != self.genesis_hash:
            msg = "the header is of another chain"
            raise WrongChain(msg)
        if header.epoch != self.committee.epoch:
            msg = f"a header of epoch {header.epoch}, followed is {self.committee.epoch}"
            raise EpochUnexpected(msg)
        if header.height < self.first_height:
            msg = f"height {header.height}, epoch {header.epoch} begins at {self.first_height}"
            raise HeaderOutdated(msg)
        if (certificate.height, certificate.digest) != (header.height, header.digest()):
            msg = f"the certificate at {certificate.height} is for another block"
            raise CertificateInvalid(msg)
        check_certificate(certificate, self.committee, self.genesis_hash, self.verify)

    def advance(
        self,
        header: Header,
        certificate: Certificate,
        next_committee: Committee | None = None,
    ) -> None:
        """Take a header above all shown before; where it names a committee, that one follows.

        `next_committee` is the one of the header's `next_committee_hash`, from whoever has it, and
        None if the header names none. Raises like `check`, and `CommitteeUnproven`; whatever is
        refused changes nothing.
        """
        self.check(header, certificate)
        if header.height <= self.height:
            msg = f"height {header.height}, shown before was {self.height}"
            raise HeaderOutdated(msg)
        follower = self._named(header, next_committee)
        self.height = header.height
        if follower is not None:
            self.committee, self.first_height = follower, header.height + 1

    def _named(self, header: Header, shown: Committee | None) -> Committee | None:
        named = None if header.next_committee_hash == NO_HASH else header.next_committee_hash
        if (None if shown is None else shown.hash()) != named:
            msg = f"the header at height {header.height} names another next committee, or none"
            raise CommitteeUnproven(msg)
        if shown is not None and shown.epoch != self.committee.epoch + 1:
            msg = f"epoch {shown.epoch} does not follow {self.committee.epoch}"
            raise CommitteeUnproven(msg)
        return shown
