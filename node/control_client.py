"""Asking the node that runs on a data directory over its control socket; for the commands."""

import http.client
import json
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from typing_extensions import override

from chain.errors import HushangError
from node import control_socket

LINE_SIZE_MAX = 1024 * 1024


class ControlFailed(HushangError):
    """The node could not do what it was asked; `told_code` is its reason."""

    hint = "hushang explain CODE says what the node's reason means; its log has the rest"

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(str(told.get("message", "no reason was given")))
        self.told_code = str(told.get("code", self.code))
        self.told_hint = str(told.get("hint", ""))


class ControlBusy(ControlFailed):
    """The node does such a thing already, or is stopping."""

    hint = "wait until it is done, then repeat the command"


class ControlBroken(HushangError):
    """The node went away, or answered what makes no sense, before the job was done."""

    hint = "look at the node's log; nothing half-done is left"


class _Connection(http.client.HTTPConnection):
    """HTTP over a connected socket; answers may take as long as the job."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__("localhost")
        self.sock = connected

    @override
    def connect(self) -> None:
        raise ControlBroken("the connection ended")


def ask_status(directory: Path) -> dict[str, Any]:
    """What the node that runs on this data directory says; `ControlUnreachable` if none does."""
    return _ask(directory, "GET", "/status", None, lambda _: None)


def run_job(
    directory: Path,
    path: str,
    form: Mapping[str, Any],
    told: Callable[[Mapping[str, Any]], None] = lambda _: None,
) -> dict[str, Any]:
    """Have the node do a job; its result. Going away (Ctrl-C) stops the job."""
    return _ask(directory, "POST", path, json.dumps(form).encode(), told)


def _ask(
    directory: Path,
    method: str,
    path: str,
    body: bytes | None,
    told: Callable[[Mapping[str, Any]], None],
) -> dict[str, Any]:
    connection = _Connection(control_socket.connect(directory))
    try:
        connection.request(method, path, body)
        with connection.getresponse() as response:
            return _result(response, told)
    except (http.client.HTTPException, OSError) as error:
        raise ControlBroken(f"{directory / control_socket.NAME}: {error}") from error
    finally:
        connection.close()


def _result(
    response: http.client.HTTPResponse, told: Callable[[Mapping[str, Any]], None]
) -> dict[str, Any]:
    if response.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT}:
        refusal = _read_line(response.read(LINE_SIZE_MAX)).get("error", {})
        raise (ControlBusy if response.status == HTTPStatus.CONFLICT else ControlFailed)(refusal)
    if response.status != HTTPStatus.OK:
        raise ControlBroken(f"HTTP status {response.status}")
    while data := response.readline(LINE_SIZE_MAX):
        line = _read_line(data)
        if "error" in line:
            raise ControlFailed(line["error"])
        if "progress" not in line:
            result: dict[str, Any] = line.get("result", line)
            return result
        told(line["progress"])
    raise ControlBroken("the node went away before the job was done")


def _read_line(data: bytes) -> dict[str, Any]:
    try:
        line = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ControlBroken(f"the node answered {data[:80]!r}") from error
    if not isinstance(line, dict):
        raise ControlBroken(f"the node answered {data[:80]!r}")
    return line
