"""What went wrong, told once: a stable code, what, where, a hint; and the exit code it means.

Exit codes: 0 ok, 1 internal, 2 usage, 3 not found, 4 not authorised, 5 unreachable, 6 outcome
unknown (safe to repeat), 7 refused by a rule, 8 verification failed, 9 bad configuration.
"""

import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from importlib import import_module
from itertools import pairwise
from typing import Any, Final

from chain.errors import HushangError
from node.plain_text import plain, shortened
from node.words import Sentence, spoken, words

# Shows where an unexpected error came from.
DEBUG_VARIABLE: Final = "HUSHANG_DEBUG"
# An error repeats what was given, which may be a file's worth.
MESSAGE_MAX: Final = 2_000


class ExitCode(IntEnum):
    """What a script may rely on."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_AUTHORISED = 4
    UNREACHABLE = 5
    OUTCOME_UNKNOWN = 6
    REFUSED = 7
    VERIFICATION_FAILED = 8
    BAD_CONFIG = 9


# By class name, so that this file imports no part of the node; a class not named here has its
# parent's. For what a node's API refuses this agrees with its HTTP status (`node.client`): 400 is
# USAGE, 401 and 403 NOT_AUTHORISED, 404 NOT_FOUND, 429 and 503 UNREACHABLE, else REFUSED.
EXIT_CODES: Final = {
    "HushangError": ExitCode.INTERNAL,
    "LedgerError": ExitCode.REFUSED,
    "NodeKeyUnknown": ExitCode.BAD_CONFIG,
    "StoreOfAnotherChain": ExitCode.BAD_CONFIG,
    # Often somebody else's for a moment: whoever supervises a node should start it again.
    "AddressUnusable": ExitCode.INTERNAL,
    "ApiProblem": ExitCode.USAGE,
    "OriginRefused": ExitCode.NOT_AUTHORISED,
    "RouteUnknown": ExitCode.NOT_FOUND,
    "BlockUnknown": ExitCode.NOT_FOUND,
    "TransactionNotFound": ExitCode.NOT_FOUND,
    "ReceiptNotFound": ExitCode.NOT_FOUND,
    "ObjectNotFound": ExitCode.NOT_FOUND,
    "MethodNotAllowed": ExitCode.REFUSED,
    "BodyTimeout": ExitCode.REFUSED,
    "BodyTooLarge": ExitCode.REFUSED,
    "MediaTypeUnsupported": ExitCode.REFUSED,
    "ExpectationFailed": ExitCode.REFUSED,
    "HostRefused": ExitCode.REFUSED,
    "QueryUnknown": ExitCode.NOT_FOUND,
    "ResourceUnknown": ExitCode.NOT_FOUND,
    "LabelUnreadable": ExitCode.NOT_FOUND,
    "CheckDigitWrong": ExitCode.NOT_FOUND,
    "NotAcceptable": ExitCode.REFUSED,
    "ResourceExists": ExitCode.REFUSED,
    "ResultTooLarge": ExitCode.REFUSED,
    "QueryTooComplex": ExitCode.REFUSED,
    "UriTooLong": ExitCode.REFUSED,
    "TooManyQueries": ExitCode.REFUSED,
    "TokenRefused": ExitCode.NOT_AUTHORISED,
    "TooManyCaptures": ExitCode.UNREACHABLE,
    "TooManyChanges": ExitCode.UNREACHABLE,
    "CaptureTooLarge": ExitCode.REFUSED,
    "CaptureRefused": ExitCode.REFUSED,
    "SubscriptionLimit": ExitCode.REFUSED,
    "QueryNotYours": ExitCode.NOT_AUTHORISED,
    "SubmitTokenNeeded": ExitCode.NOT_AUTHORISED,
    "SubmitTokenFileRefused": ExitCode.BAD_CONFIG,
    "CodeUnheard": ExitCode.NOT_FOUND,
    "TooManyStreams": ExitCode.UNREACHABLE,
    "AskedTooOften": ExitCode.UNREACHABLE,
    "Busy": ExitCode.UNREACHABLE,
    "PoolFull": ExitCode.UNREACHABLE,
    "Internal": ExitCode.INTERNAL,
    "ProofNotReady": ExitCode.UNREACHABLE,
    "ProofsEnded": ExitCode.UNREACHABLE,
    "StateNameInvalid": ExitCode.USAGE,
    "SnapshotPartWrong": ExitCode.VERIFICATION_FAILED,
    "SnapshotMissing": ExitCode.NOT_FOUND,
    "SnapshotUnderWay": ExitCode.UNREACHABLE,
    "StartUnusable": ExitCode.REFUSED,
    "EncodingInvalid": ExitCode.USAGE,
    "TooLarge": ExitCode.REFUSED,
    "KeyRefused": ExitCode.USAGE,
    "PolicyMalformed": ExitCode.USAGE,
    "SignaturesUnsorted": ExitCode.USAGE,
    "VersionUnknown": ExitCode.USAGE,
    "OperationUnknown": ExitCode.USAGE,
    "OperationMalformed": ExitCode.USAGE,
    "SignatureInvalid": ExitCode.NOT_AUTHORISED,
    "SenderUnknown": ExitCode.NOT_AUTHORISED,
    "PolicyNotSatisfied": ExitCode.NOT_AUTHORISED,
    "AccountUnknown": ExitCode.NOT_FOUND,
    "AssetUnknown": ExitCode.NOT_FOUND,
    "ProductUnknown": ExitCode.NOT_FOUND,
    "ListingUnknown": ExitCode.NOT_FOUND,
    "OrderUnknown": ExitCode.NOT_FOUND,
    "ParcelUnknown": ExitCode.NOT_FOUND,
    "CaseUnknown": ExitCode.NOT_FOUND,
    "ClaimUnknown": ExitCode.NOT_FOUND,
    "LiabilityUnknown": ExitCode.NOT_FOUND,
    "ClaimCodeMalformed": ExitCode.USAGE,
    "ClaimCodeMistyped": ExitCode.USAGE,
    "ClaimFileMalformed": ExitCode.BAD_CONFIG,
    "ClaimLost": ExitCode.REFUSED,
    "ClaimTooEarly": ExitCode.REFUSED,
    "CodeFilesExist": ExitCode.USAGE,
    "CodeFilesMalformed": ExitCode.BAD_CONFIG,
    "CodeFilesMissing": ExitCode.NOT_FOUND,
    "CodeNotInFiles": ExitCode.NOT_FOUND,
    "TagKeysMalformed": ExitCode.BAD_CONFIG,
    "TapMalformed": ExitCode.USAGE,
    "CodeBatchUnknown": ExitCode.NOT_FOUND,
    "CodeReportUnknown": ExitCode.NOT_FOUND,
    "CodeUnknown": ExitCode.NOT_FOUND,
    "RecallUnknown": ExitCode.NOT_FOUND,
    "OfferUnknown": ExitCode.NOT_FOUND,
    "CertificateUnknown": ExitCode.NOT_FOUND,
    "DeviceUnknown": ExitCode.NOT_FOUND,
    "WatchUnknown": ExitCode.NOT_FOUND,
    "PenaltyUnknown": ExitCode.NOT_FOUND,
    "DisputeUnknown": ExitCode.NOT_FOUND,
    "ArbiterUnknown": ExitCode.NOT_FOUND,
    "EvidenceAbsent": ExitCode.NOT_FOUND,
    "CouponUnknown": ExitCode.NOT_FOUND,
    "NodesBehind": ExitCode.REFUSED,
    "LicenceUnknown": ExitCode.NOT_FOUND,
    "RequestUnknown": ExitCode.NOT_FOUND,
    "FreezeUnknown": ExitCode.NOT_FOUND,
    "DepositUnknown": ExitCode.NOT_FOUND,
    "DrawUnknown": ExitCode.NOT_FOUND,
    "CardUnknown": ExitCode.NOT_FOUND,
    "ReviewUnknown": ExitCode.NOT_FOUND,
    "SealedVoteMissing": ExitCode.NOT_FOUND,
    "SealedVoteDamaged": ExitCode.BAD_CONFIG,
    "RequestMalformed": ExitCode.USAGE,
    "KeyFileMissing": ExitCode.NOT_FOUND,
    "KeyFileExists": ExitCode.USAGE,
    "KeyFileTooOpen": ExitCode.NOT_AUTHORISED,
    "KeyFileUnreadable": ExitCode.NOT_AUTHORISED,
    "KeyFileMalformed": ExitCode.BAD_CONFIG,
    "ContextUnknown": ExitCode.NOT_FOUND,
    "ContextNameTaken": ExitCode.USAGE,
    "AccountNameTaken": ExitCode.USAGE,
    "ContextRefused": ExitCode.USAGE,
    "ContextsInvalid": ExitCode.BAD_CONFIG,
    "ContextsTooOpen": ExitCode.NOT_AUTHORISED,
    "ChainDiffers": ExitCode.VERIFICATION_FAILED,
    "SheetRefused": ExitCode.USAGE,
    "CellRefused": ExitCode.REFUSED,
    "ImportUnderWay": ExitCode.REFUSED,
    "RowsRefused": ExitCode.REFUSED,
    "JournalDamaged": ExitCode.BAD_CONFIG,
    "KeyMissing": ExitCode.NOT_AUTHORISED,
    "TokenFileMalformed": ExitCode.BAD_CONFIG,
    "TokenNameTaken": ExitCode.USAGE,
    "TokenNameUnknown": ExitCode.NOT_FOUND,
    "TooManyTokens": ExitCode.USAGE,
    "PassphraseMissing": ExitCode.NOT_AUTHORISED,
    "PassphraseWrong": ExitCode.NOT_AUTHORISED,
    "ConfigInvalid": ExitCode.BAD_CONFIG,
    "GenesisFileInvalid": ExitCode.BAD_CONFIG,
    "GenesisNameTaken": ExitCode.USAGE,
    "GenesisExists": ExitCode.USAGE,
    "GenesisDiffers": ExitCode.VERIFICATION_FAILED,
    "GenesisDisputed": ExitCode.VERIFICATION_FAILED,
    "MemberCardInvalid": ExitCode.BAD_CONFIG,
    "NodeJoining": ExitCode.UNREACHABLE,
    "UnitUnusable": ExitCode.USAGE,
    "FileInTheWay": ExitCode.USAGE,
    "JsonRefused": ExitCode.USAGE,
    "UsageWrong": ExitCode.USAGE,
    "OutExists": ExitCode.USAGE,
    "NotYet": ExitCode.OUTCOME_UNKNOWN,
    "FieldUnknown": ExitCode.USAGE,
    "BenchRefused": ExitCode.USAGE,
    "AmountMalformed": ExitCode.USAGE,
    "FormRefused": ExitCode.USAGE,
    "TransactionFileInvalid": ExitCode.USAGE,
    "NotReady": ExitCode.UNREACHABLE,
    "AddressMalformed": ExitCode.USAGE,
    "NodeUnreachable": ExitCode.UNREACHABLE,
    "NodeBusy": ExitCode.UNREACHABLE,
    "UrlRefused": ExitCode.USAGE,
    "AuthorityFileInvalid": ExitCode.BAD_CONFIG,
    "DestinationRefused": ExitCode.USAGE,
    "CursorRefused": ExitCode.USAGE,
    "CursorFileUnwritable": ExitCode.USAGE,
    "CursorFileDamaged": ExitCode.BAD_CONFIG,
    "EveryNodeDistrusted": ExitCode.VERIFICATION_FAILED,
    "FeedForked": ExitCode.VERIFICATION_FAILED,
    "OperationRefused": ExitCode.REFUSED,
    "TransactionLapsed": ExitCode.REFUSED,
    "SignerMissing": ExitCode.NOT_AUTHORISED,
    "OutboxMissing": ExitCode.USAGE,
    "OutboxDamaged": ExitCode.BAD_CONFIG,
    "ReferenceReused": ExitCode.USAGE,
    "ReferenceRefused": ExitCode.USAGE,
    "GenesisMissing": ExitCode.USAGE,
    "AddressesRefused": ExitCode.USAGE,
    "NodeUnnamed": ExitCode.NOT_FOUND,
    "AccountUnnamed": ExitCode.NOT_FOUND,
    "OutcomeUnknown": ExitCode.OUTCOME_UNKNOWN,
    "NothingRecorded": ExitCode.NOT_FOUND,
    "NotFound": ExitCode.NOT_FOUND,
    "NotAuthorised": ExitCode.NOT_AUTHORISED,
    "NodeRefused": ExitCode.REFUSED,
    "RuleBroken": ExitCode.REFUSED,
    "DocumentRefused": ExitCode.REFUSED,
    "EventsNotCaptured": ExitCode.REFUSED,
    "VerificationFailed": ExitCode.VERIFICATION_FAILED,
    "RepairRefused": ExitCode.VERIFICATION_FAILED,
    "DataOfAnother": ExitCode.BAD_CONFIG,
    "ProofInvalid": ExitCode.VERIFICATION_FAILED,
    "BundleInvalid": ExitCode.VERIFICATION_FAILED,
    "ProofRefused": ExitCode.VERIFICATION_FAILED,
    "ProofUnreadable": ExitCode.NOT_FOUND,
    "ProofQuestionWrong": ExitCode.USAGE,
    "CertificateInvalid": ExitCode.VERIFICATION_FAILED,
    "ReadingsUnreadable": ExitCode.USAGE,
    "ReadingsHoled": ExitCode.USAGE,
    "ReadingsChanged": ExitCode.VERIFICATION_FAILED,
    "AuditFailed": ExitCode.VERIFICATION_FAILED,
    "DataMissing": ExitCode.NOT_FOUND,
    "DataInUse": ExitCode.REFUSED,
    "StoreLocked": ExitCode.REFUSED,
    "ArchiveMissing": ExitCode.NOT_FOUND,
    "ArchiveDamaged": ExitCode.VERIFICATION_FAILED,
    "CommitteeFileInvalid": ExitCode.USAGE,
    "SeatFileInvalid": ExitCode.USAGE,
    "SeatForAnotherEpoch": ExitCode.REFUSED,
    "OrganisationUnknown": ExitCode.NOT_FOUND,
    "ChangeUnderWay": ExitCode.REFUSED,
    "NotGoverning": ExitCode.UNREACHABLE,
    "NothingDecided": ExitCode.REFUSED,
    "NameRefused": ExitCode.USAGE,
    "NodeWithoutSeat": ExitCode.NOT_FOUND,
    "VoteMissing": ExitCode.UNREACHABLE,
    "NetworkMissing": ExitCode.NOT_FOUND,
    "NetworkExists": ExitCode.USAGE,
    "DirectoryNotEmpty": ExitCode.USAGE,
    "NodeNotReloaded": ExitCode.UNREACHABLE,
    "RelayFailed": ExitCode.UNREACHABLE,
    "TooManyNodes": ExitCode.USAGE,
    "NetworkStopped": ExitCode.UNREACHABLE,
    "PaceUnfit": ExitCode.REFUSED,
    "ClaimFalse": ExitCode.VERIFICATION_FAILED,
    "ControlUnreachable": ExitCode.UNREACHABLE,
    "ControlBroken": ExitCode.UNREACHABLE,
    "ControlBusy": ExitCode.UNREACHABLE,
    "JobUnderWay": ExitCode.UNREACHABLE,
    "NodeStopping": ExitCode.UNREACHABLE,
    "NodeDataMissing": ExitCode.NOT_FOUND,
    "NodeRunning": ExitCode.REFUSED,
    "BackupExists": ExitCode.USAGE,
    "BackupPlaceMissing": ExitCode.NOT_FOUND,
    "BundleExists": ExitCode.USAGE,
    "BundleUnwritable": ExitCode.USAGE,
    "BackupUnderWay": ExitCode.REFUSED,
    "BackupUnreadable": ExitCode.NOT_FOUND,
    "BackupDamaged": ExitCode.VERIFICATION_FAILED,
    "BackupRefused": ExitCode.VERIFICATION_FAILED,
    "BackupOfAnotherChain": ExitCode.VERIFICATION_FAILED,
    "RestoreTargetOccupied": ExitCode.USAGE,
}


class UsageWrong(HushangError):
    """The command line asks for something that makes no sense."""

    hint = "the same command with --help tells its arguments and options"


class VerificationFailed(HushangError):
    """What was to be checked is not what it claims to be."""

    hint = "don't rely on it; ask another node, or ask the one who gave it for another copy"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is told."""

    code: str
    message: str
    hint: str
    exit_code: int
    details: Mapping[str, Any] = field(default_factory=dict)


def exit_code_of(cls: type[HushangError]) -> ExitCode:
    """The exit code of an error that a command or a node's API raises."""
    return next(EXIT_CODES[base.__name__] for base in cls.__mro__ if base.__name__ in EXIT_CODES)


def failure_of(error: Exception) -> Failure:
    """The code, words and exit code of an error."""
    if isinstance(error, HushangError):
        own = getattr(error, "told_code", "") or error.code
        exit_code = exit_code_of(type(error))
        hint = getattr(error, "told_hint", "") or error.hint
        return Failure(own, _message(error), hint, exit_code, getattr(error, "details", {}))
    # Not at the top: an error of ours is told without Typer.
    typer = import_module("typer")
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        hint = "hushang --help" if context is None else f"{context.command_path} --help"
        message = shortened(error.format_message(), MESSAGE_MAX)
        return Failure(UsageWrong.__name__, message, hint, ExitCode.USAGE)
    if isinstance(error, typer.Abort):
        return Failure("Aborted", "stopped as you asked", "", ExitCode.INTERNAL)
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error)
    if isinstance(error, OSError) and error.filename is not None:
        # Whoever typed the command named it, or the place where it lies.
        message = shortened(f"{error.filename}: {error.strerror}", MESSAGE_MAX)
        return Failure(UsageWrong.__name__, message, UsageWrong.hint, ExitCode.USAGE)
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    hint = "this should not happen: please report it, with HUSHANG_DEBUG=1 for the whole story"
    return Failure("Internal", words, hint, ExitCode.INTERNAL)


def _message(error: HushangError) -> str:
    """What an error says; a sentence stays one, to be told in the language in use."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, Sentence) else shortened(str(error), MESSAGE_MAX)


def report(error: Exception, arguments: Sequence[str]) -> int:
    """Tell an error on stderr, as JSON where the command line asks for JSON; its exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":
        print(str(error), file=sys.stderr)
        return ExitCode.USAGE
    failure = failure_of(error)
    if wants_json(arguments):
        told = json.dumps({"error": _as_json(failure)}, ensure_ascii=False)
        print(plain(told), file=sys.stderr)
        return failure.exit_code
    for line in _lines(failure):
        print(plain(line), file=sys.stderr)
    return failure.exit_code


def _lines(failure: Failure) -> Iterator[str]:
    """For a person; in another language than English the rule first, then what happened."""
    told, message = words(), shortened(spoken(failure.message), MESSAGE_MAX)
    title = told.title(failure.code)
    yield f"{told.text('error')} {failure.code}: {title or message}"
    if title:
        # The reason says more than the rule, which the title has said already.
        yield f"  {told.text('detail')}: {spoken(failure.details.get('reason') or message)}"
    for name, value in failure.details.items():
        if value is not None and not (title and name == "reason"):
            yield f"  {told.heading(name)}: {value}"
    hint = _hint(failure)
    if hint:
        yield f"  {told.text('hint')}: {hint}"


def _hint(failure: Failure) -> str:
    """What helps; what was made for this very case goes before what is said of every such error."""
    # Typer's errors name the very command, which is the same in every language.
    is_command = failure.code == UsageWrong.__name__ and failure.hint != UsageWrong.hint
    if is_command or isinstance(failure.hint, Sentence):
        return spoken(failure.hint)
    return words().hint(failure.code) or failure.hint


def _as_json(failure: Failure) -> dict[str, Any]:
    told = {"code": failure.code, "message": failure.message, "exit_code": int(failure.exit_code)}
    return told | ({"hint": failure.hint} if failure.hint else {}) | dict(failure.details)


def wants_json(arguments: Sequence[str]) -> bool:
    """Does the command line ask for JSON? Looked up in the raw words: they may not parse."""
    rests = [word.removeprefix("--output").removeprefix("-o").lstrip("=") for word in arguments]
    spelled = {"json", "ndjson"}
    flags = ("-o", "--output")
    joined = any(
        word.startswith(flags) and rest in spelled
        for word, rest in zip(arguments, rests, strict=True)
    )
    apart = any(flag in flags and value in spelled for flag, value in pairwise(arguments))
    return joined or apart
