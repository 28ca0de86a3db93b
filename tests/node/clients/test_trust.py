"""Over TLS: whom the client trusts, and how each refusal is told; the same on a loop."""

import asyncio
import ssl
from pathlib import Path

import pytest

from node.client import (
    AsyncClient,
    AuthorityFileInvalid,
    AuthorityUnknown,
    NodeClient,
    NodeUnreachable,
    ServerCertificateExpired,
    ServerNameWrong,
    ServerUntrusted,
)
from node.clients.trust import trusting, trusting_besides
from tests.node.api.authority import Authority
from tests.node.scripted import node

TOLD = (200, {"height": 7})


def context(files: tuple[Path, Path]) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*files)
    return made


def ask(url: str, ca: Path | None, *, on_loop: bool) -> object:
    """The status of a node, asked by one client or the other."""
    if not on_loop:
        return NodeClient([url], ca=ca).get("/v1/status")

    async def asked() -> object:
        options = {} if ca is None else {"ca": ca}
        async with AsyncClient([url], **options) as client:  # type: ignore[arg-type]
            return await client.status()

    return asyncio.run(asked())


@pytest.mark.parametrize("on_loop", [False, True])
def test_a_node_with_a_certificate_of_the_given_ca_is_asked(
    tmp_path: Path, *, on_loop: bool
) -> None:
    authority = Authority(tmp_path)
    with node(TOLD, tls=context(authority.issue())) as served:
        assert ask(served.url, authority.file, on_loop=on_loop) == TOLD[1]


@pytest.mark.parametrize("on_loop", [False, True])
@pytest.mark.parametrize(
    ("dates", "host", "ca", "error"),
    [
        ((1, 90), "127.0.0.1", None, AuthorityUnknown),
        ((90, -1), "127.0.0.1", "ca.pem", ServerCertificateExpired),
        ((-1, 90), "127.0.0.1", "ca.pem", ServerCertificateExpired),
        ((1, 90), "localhost", "ca.pem", ServerNameWrong),
    ],
)
def test_each_certificate_that_is_not_trusted_has_its_error(
    tmp_path: Path,
    dates: tuple[float, float],
    host: str,
    ca: str | None,
    error: type[Exception],
    *,
    on_loop: bool,
) -> None:
    issued = Authority(tmp_path).issue(age_days=dates[0], days=dates[1])
    trusted = None if ca is None else tmp_path / ca
    with node(TOLD, tls=context(issued)) as served, pytest.raises(error) as caught:
        ask(served.url.replace("127.0.0.1", host), trusted, on_loop=on_loop)
    assert type(caught.value) is error
    assert getattr(caught.value, "hint", "")
    assert served.asked == []


@pytest.mark.parametrize("on_loop", [False, True])
def test_a_port_without_tls_is_told_as_such(*, on_loop: bool) -> None:
    with node(TOLD) as served, pytest.raises(ServerUntrusted) as caught:
        ask(served.url.replace("http:", "https:"), None, on_loop=on_loop)
    assert "http://" in caught.value.hint


def test_a_submit_to_nodes_that_are_all_untrusted_fails_at_once(tmp_path: Path) -> None:
    with (
        node(TOLD, tls=context(Authority(tmp_path).issue())) as served,
        pytest.raises(AuthorityUnknown),
    ):
        NodeClient([served.url]).submit(b"raw", timeout_s=3_600)


def test_what_is_untrusted_is_passed_over_for_a_node_that_is_not(tmp_path: Path) -> None:
    with node(TOLD, tls=context(Authority(tmp_path).issue())) as bad, node(TOLD) as good:
        assert NodeClient([bad.url, good.url]).get("/v1/status") == TOLD[1]


def test_where_one_is_untrusted_and_one_away_both_are_told(tmp_path: Path) -> None:
    with node(TOLD) as served:
        away = served.url
    with (
        node(TOLD, tls=context(Authority(tmp_path).issue())) as bad,
        pytest.raises(NodeUnreachable) as caught,
    ):
        NodeClient([bad.url, away]).get("/v1/status")
    assert type(caught.value) is NodeUnreachable
    assert bad.url in str(caught.value)
    assert away in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_without_cas_is_refused_by_its_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    for make in (trusting, trusting_besides):
        with pytest.raises(AuthorityFileInvalid, match=r"ca\.pem"):
            make(path)


def test_tls_before_1_2_is_not_spoken(tmp_path: Path) -> None:
    ca = Authority(tmp_path).file
    for made in (trusting(None), trusting(ca), trusting_besides(ca)):
        assert made.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert made.verify_mode is ssl.CERT_REQUIRED
        assert made.check_hostname
