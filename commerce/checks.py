"""How the checks of a whole state say what is not so."""

from chain.errors import InvariantBreach


def require(holds: bool, rule: str) -> None:  # noqa: FBT001 (reads like an assertion)
    """`InvariantBreach` with the rule unless it holds."""
    if not holds:
        msg = f"not so: {rule}"
        raise InvariantBreach(msg)
