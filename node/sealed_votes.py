"""An arbiter's sealed votes: files beside its key, without which no vote could be revealed.

A vote is written and synced before its commitment is sent, one file each that never changes, for
nobody else to read: whatever is interrupted, and whichever of several commitments the chain has
taken, the salt of it is there.
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.codec import U8, Hash
from chain.errors import HushangError
from commerce.disputes.dispute import Shares
from commerce.disputes.votes import vote_commitment
from node.api.render import render_fields
from node.clients.files import sync_directory
from node.json_values import FormRefused, from_json
from node.strict_json import JsonRefused, read_json

SALT_SIZE: Final = 32
ID_DIGITS: Final = 16
FILE_SIZE_MAX: Final = 65_536


class SealedVoteMissing(HushangError):
    """Nothing here opens the commitment that the chain holds."""

    hint = "--votes DIRECTORY names where the sealed vote lies; it was printed by dispute commit"


class SealedVoteDamaged(HushangError):
    """A file is no sealed vote."""

    hint = "restore the file from a copy; or commit anew while the time for commitments runs"


@dataclass(frozen=True, slots=True)
class SealedVote:
    """What was committed to: `shares` are the buyer's of each line in dispute, in per mille."""

    dispute_id: Hash
    round: U8
    arbiter: Hash
    shares: Shares
    salt: Hash

    @property
    def commitment(self) -> bytes:
        """What the chain gets before the votes are revealed."""
        parts = (self.dispute_id, self.round, self.arbiter, self.salt, self.shares)
        return vote_commitment(*parts)


def votes_beside(key_file: Path) -> Path:
    """The directory for the votes of a key file's arbiter."""
    return key_file.with_name(f"{key_file.name}.votes")


def seal(dispute_id: bytes, round_: int, arbiter: bytes, shares: Shares) -> SealedVote:
    """A vote under a fresh salt."""
    return SealedVote(dispute_id, round_, arbiter, shares, secrets.token_bytes(SALT_SIZE))


def keep_vote(vote: SealedVote, directory: Path) -> Path:
    """Write a vote where its arbiter finds it, and sync it; raises `OSError`."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _path(directory, vote.dispute_id, vote.commitment)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as stream:
        stream.write(json.dumps(render_fields(vote), indent=2) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    sync_directory(directory)
    return path


def find_vote(directory: Path, dispute_id: bytes, commitment: bytes) -> SealedVote:
    """The vote of a commitment, or `SealedVoteMissing`."""
    path = _path(directory, dispute_id, commitment)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SealedVoteMissing(f"{path}: {error.strerror}") from error
    try:
        vote = from_json(SealedVote, read_json(data, size_max=FILE_SIZE_MAX), path.name)
    except (JsonRefused, FormRefused) as error:
        raise SealedVoteDamaged(f"{path}: {error}") from error
    if vote.dispute_id != dispute_id or vote.commitment != commitment:
        raise SealedVoteDamaged(f"{path}: not the vote of this commitment")
    return vote


def _path(directory: Path, dispute_id: bytes, commitment: bytes) -> Path:
    name = f"vote-{dispute_id.hex()[:ID_DIGITS]}-{commitment.hex()[:ID_DIGITS]}.json"
    return directory / name
