"""Many nodes asked at once: an answer from each that has one, words for each that hasn't."""

import json
from http.server import ThreadingHTTPServer

from typing_extensions import override

from node.client import NodeClient
from node.survey import ask_all, ask_texts
from tests.node.scripted import Quiet, serving
from tests.ports import free_port


class Answering(Quiet):
    """Tells its name to whoever asks."""

    @override
    def answer(self) -> None:
        body = json.dumps({"name": "xuhui", "path": self.path}).encode()
        self.reply(200, body)


def test_who_answers_is_told_by_name_and_who_does_not_by_its_address() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Answering)) as url:
        clients = [(at, NodeClient([at], timeout_s=5.0)) for at in (nowhere, url)]
        silent, there = ask_all(clients, "/v1/status")
        assert (silent.told, silent.name) == (None, nowhere)
        assert "refused" in silent.silence
        assert (there.name, there.told["path"]) == ("xuhui", "/v1/status")
        assert ask_texts(clients, "/metrics")[0] is None
        assert "xuhui" in str(ask_texts(clients, "/metrics")[1])


def test_nobody_asked_is_no_error() -> None:
    assert ask_all([], "/v1/status") == []
    assert ask_texts([], "/metrics") == []
