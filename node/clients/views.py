"""What a node tells, as the very dataclasses that it is made of: one source for both sides.

Fields that this software doesn't know are passed over: a newer node may tell more.
"""

import dataclasses
import types
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from node.clients.errors import NodeFailed
from node.json_values import FormRefused, hints_of, read_value

T = TypeVar("T")

# Where the dataclass of each answer is. They come with the part of the ledger that they tell of, a
# second's work for all: so only when one is asked for.
VIEWS: Final = {
    "account": ("node.api.accounts", "AccountView"),
    "balances": ("node.api.accounts", "BalancesView"),
    "product": ("commerce.views", "ProductView"),
    "listing": ("commerce.views", "ListingView"),
    "order": ("commerce.order_views", "OrderView"),
    "orders": ("node.api.order_lists", "OrderEntry"),
    "parcel": ("commerce.order_views", "ParcelView"),
    "trace": ("node.api.traces", "TraceView"),
}


def view_of(name: str) -> Any:
    """The dataclass of an answer."""
    module, cls = VIEWS[name]
    return getattr(import_module(module), cls)


def read_view(cls: type[T], told: Any) -> T:
    """The dataclass of an answer; `NodeFailed` if it isn't one."""
    try:
        view: T = read_value(cls, _fitted(cls, told), cls.__name__)
    except (FormRefused, TypeError) as error:
        raise NodeFailed(f"the node's answer is no {cls.__name__}: {error}") from error
    return view


def _fitted(annotation: Any, value: Any) -> Any:
    """A value without the fields that its dataclass hasn't."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _fitted(args[0], value)
    if origin in (Union, types.UnionType):
        inner = next(arg for arg in args if arg is not types.NoneType)
        return None if value is None else _fitted(inner, value)
    if origin is tuple and isinstance(value, list):
        return [_fitted(args[0], entry) for entry in value]
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return _fitted_object(annotation, value)
    return value


def _fitted_object(cls: type, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    hints = hints_of(cls)
    return {name: _fitted(hints[name], entry) for name, entry in value.items() if name in hints}
