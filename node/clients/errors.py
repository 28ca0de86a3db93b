"""What may come of asking nodes, by names: nobody there, nobody to trust, refused, unknown."""

from collections.abc import Mapping
from typing import Any

from chain.errors import HushangError


class UrlRefused(HushangError):
    """A text is no URL of a node's API."""

    hint = "write http://HOST:PORT or https://HOST:PORT"


class NodeUnreachable(HushangError):
    """No node answered."""

    hint = "is it running there? Of a test network: hushang testnet status"


class BrokeOff(NodeUnreachable):
    """The connection broke off when the request was under way: the node may have acted on it."""


class ServerUntrusted(NodeUnreachable):
    """TLS gave no server to talk to: nothing was sent."""

    hint = "does this port speak TLS? an http:// URL asks without"


class AuthorityUnknown(ServerUntrusted):
    """The server's certificate is signed by nobody whom this client trusts."""

    hint = "--ca FILE (or HUSHANG_CA) with the certificate of the CA that signed it"


class ServerCertificateExpired(ServerUntrusted):
    """The server's certificate is past its time, or not valid yet."""

    hint = "its operator renews it; if its dates are right, this machine's clock is wrong"


class ServerNameWrong(ServerUntrusted):
    """The server's certificate is for another name than that of the URL."""

    hint = "ask it by a name in its certificate, or let its operator add this one"


class AuthorityFileInvalid(HushangError):
    """The file of trusted CAs can't be read, or has no certificate."""

    hint = "a PEM file with one or more CERTIFICATE blocks"


class OutcomeUnknown(HushangError):
    """The transaction was handed in and its decision did not come in time."""

    hint = (
        "hushang tx show ID; the very same bytes are safe to submit again, a new transaction isn't"
    )
    told_hint = ""

    def __init__(self, message: str, transaction_id: str = "") -> None:
        super().__init__(message)
        self.details = {"id": transaction_id} if transaction_id else {}


class NodeFailed(HushangError):
    """The node's answer makes no sense, or it failed inside."""

    hint = "ask another node with --node; if this one is yours, its log says more"


class NodeFailedInside(NodeFailed):
    """The node answered with a failure of its own (5xx); it may have acted on the request."""

    hint = "what it did is open: look before you ask anew, at another node; its log says more"


class AnswerForeign(NodeFailedInside):
    """No node answers like that: a proxy, a firewall, a login page. A node may stand behind it, and
    have acted on the request."""

    hint = "see what listens at that URL, or stands before it; ask a node itself with --node"


class NodeRefused(HushangError):
    """The node refused a request and said why (RFC 9457); `told_code` is the broken rule."""

    hint = (
        "hushang explain CODE tells more; if it knows no such code, a proxy answered, or a "
        "newer node"
    )

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        words = str(problem.get("detail") or problem.get("title") or f"HTTP status {status}")
        where = problem.get("where")
        super().__init__(f"{where}: {words}" if where else words)
        self.status = status
        self.told_code = str(problem.get("code") or f"Http{status}")
        self.told_hint = str(problem.get("hint") or "")


class RequestMalformed(NodeRefused):
    """What was asked or handed in does not have its form."""

    hint = (
        "hushang explain CODE says what the code means; is the node of another release than "
        "this command?"
    )


class NotFound(NodeRefused):
    """What was asked for does not exist on this node."""

    hint = "check the id; a node that is behind doesn't have it yet: hushang status"


class NotAuthorised(NodeRefused):
    """A signature or token is not accepted, or the node serves somebody else."""

    hint = "sign with a key of the account, or send the token that the node's operator gives you"


class NodeBusy(NodeRefused):
    """The node can't take more now, or isn't ready."""

    hint = "wait a moment and repeat, or name further nodes with --node"

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: float) -> None:
        super().__init__(status, problem)
        self.retry_after_s = retry_after_s
