"""What is `hushang` in a tutorial's shell: hands its streams to `warm`, and ends as that does."""

import json
import os
import socket
import sys
from pathlib import Path

SIZE_MAX = 1 << 17
# Are processes of their own: the shell ends them by their numbers.
NODES = (["node", "start"], ["node", "join"])
FAILED = 70


def ask(place: str, real: str) -> None:
    """Have a command line run; ends this process with its exit code."""
    words = sys.argv[1:]
    if words[:2] in NODES:
        os.execv(real, [real, *words])
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(place)
        told = json.dumps([words, str(Path.cwd()), dict(os.environ)]).encode()
        socket.send_fds(server, [told], [0, 1, 2])
        answer = server.recv(1)
    sys.exit(answer[0] if answer else FAILED)


def read(told: bytes) -> tuple[list[str], str, dict[str, str]]:
    """What was asked: the words, the directory, the environment."""
    words, cwd, environ = json.loads(told)
    return words, cwd, environ
