"""The rules of disputes that can be broken, in order of precedence; see `commerce.errors`."""

from chain.errors import LedgerError

# Format.


class ClaimEmpty(LedgerError):
    """The claim asks for nothing that the other party has."""

    hint = "the buyer claims more than 0 of 1,000 in some line, the seller leaves less than 1,000"


# Object exists (or doesn't yet).


class DisputeUnknown(LedgerError):
    """No dispute has this id."""

    hint = "a dispute has the id of the case, claim or penalty that it is about"


class ArbiterUnknown(LedgerError):
    """The account is no arbiter with a bond, nor on the regulator's list."""

    hint = "arbiters post a bond: arbiter.bond"


class ArbiterListed(LedgerError):
    """The arbiter is on the regulator's list already."""

    hint = "nothing to do: hushang arbiter list shows it"


# State.


class PhaseForbids(LedgerError):
    """The dispute is in another phase, or has ended."""

    hint = "the dispute's view tells its phase, what may happen next, and who can do it"


class UnbondingRuns(LedgerError):
    """A part of the bond is on its way out already."""

    hint = "one at a time: wait until it is paid out"


class BondOfAnotherAsset(LedgerError):
    """The arbiter's bond is in another asset."""

    hint = "unbond first: an arbiter has one bond, and hears disputes about its asset"


# Rights.


class NotOnThePanel(LedgerError):
    """The account has no seat in this dispute's panel now, or none that still votes."""

    hint = (
        "hushang dispute show DISPUTE tells who sits on the panel of this round, and who has voted"
    )


class NotAWitness(LedgerError):
    """Evidence comes from parties, a carrier of the order, inspectors and makers of devices."""

    hint = "give it to the buyer or the seller, who hands it in: hushang dispute evidence"


class SharesMismatch(LedgerError):
    """One share is needed for each line in dispute, no more and no fewer."""

    hint = "the dispute's view lists its lines in their order"


class ChallengeUsed(LedgerError):
    """The party has used its one challenge in this dispute."""

    hint = "wait for the ruling; it can be appealed: hushang dispute appeal"


class NothingToAppeal(LedgerError):
    """The ruling gives this party all that it could get."""

    hint = "nothing to do: only the other party can appeal this ruling"


class CommitmentMissing(LedgerError):
    """The arbiter committed to no vote in time."""

    hint = "nothing is left to do in this round; commit in time next: hushang dispute commit"


class VoteAlreadyRevealed(LedgerError):
    """The arbiter has revealed its vote."""

    hint = "nothing is left to do: a vote that was revealed stands"


class CommitmentMismatch(LedgerError):
    """Vote and salt don't give the commitment of this arbiter in this round."""

    hint = "reveal exactly what was committed to: the same shares in the same order, the same salt"


# Money.


class BondTooSmall(LedgerError):
    """The bond is smaller than what this dispute or register asks for."""

    hint = "the chain's limits and the amount at stake give the least bond"


# Limits.


class UnbondingTooLarge(LedgerError):
    """More than the bond that isn't leaving yet."""

    hint = "name at most the bond that hushang arbiter show tells"


class TooManyArbiters(LedgerError):
    """The chain has as many arbiters as it may have."""

    hint = (
        "wait until one has left: arbiters_max in the limits of GET /v1/genesis tells how "
        "many may be"
    )


class TooMuchEvidence(LedgerError):
    """The dispute holds as much evidence of this party, or of witnesses, as it may."""

    hint = "put several files into one and hand in its hash; a party has 16 pieces, a witness 4"
