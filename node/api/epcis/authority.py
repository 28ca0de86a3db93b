"""Who asks: bearer tokens of the EPCIS binding's writing side."""

from typing import ClassVar

from node.api.bearer import bearer_token
from node.api.epcis.problems import EpcisProblem
from node.api.routing import Call
from node.gateway.rates import TooManyRequests
from node.gateway.tokens import Holder


class TokenRefused(EpcisProblem):
    """This needs the bearer token of an account whose captures this node signs."""

    status: ClassVar[int] = 403
    exception = "SecurityException"
    hint = "send Authorization: Bearer TOKEN; hushang capture-token create makes one"


class TooManyCaptures(EpcisProblem):
    """The token has made as many requests as it may for now."""

    status: ClassVar[int] = 429
    exception = "ImplementationException"
    hint = "wait a second; put up to 100 events into one document"


async def require_holder(call: Call) -> Holder:
    """Whose token the request carries. `TokenRefused` says the same for none and for a wrong one.

    The body isn't read before.
    """
    try:
        holder = await call.edge.epcis.gateway.holder(bearer_token(call.request))
    except TooManyRequests as error:
        raise TooManyCaptures(str(error)) from error
    if holder is None:
        msg = "the request is not authorised"
        raise TokenRefused(msg, "header.Authorization")
    return holder
