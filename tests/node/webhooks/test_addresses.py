"""Tests of where webhooks may lead: every way into the neighbourhood that is known is closed."""

import ipaddress
import socket
from typing import Any

import pytest

from node.webhooks.addresses import AllowedPlaces, CheckedResolver, DestinationRefused

INTERNAL = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
]
PUBLIC = ["8.8.8.8", "114.114.114.114", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", INTERNAL)
def test_an_address_of_the_neighbourhood_is_refused(text: str) -> None:
    assert not AllowedPlaces().allow(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_an_address_of_the_internet_is_allowed(text: str) -> None:
    assert AllowedPlaces().allow(ipaddress.ip_address(text))


def test_networks_may_be_others_from_now_on() -> None:
    places = AllowedPlaces(("10.0.0.0/8",))
    places.renew(("192.168.0.0/16",))
    assert not places.allow(ipaddress.ip_address("10.1.2.3"))
    assert places.allow(ipaddress.ip_address("192.168.1.1"))


def test_the_operator_allows_networks_and_nothing_beside_them() -> None:
    places = AllowedPlaces(("10.0.0.0/8", "::1/128"))
    assert places.allow(ipaddress.ip_address("10.200.0.1"))
    assert places.allow(ipaddress.ip_address("::ffff:10.200.0.1"))
    assert places.allow(ipaddress.ip_address("::1"))
    assert not places.allow(ipaddress.ip_address("127.0.0.1"))
    assert not places.allow(ipaddress.ip_address("192.168.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/hook",
        "http://[::1]:8080/",
        "https://169.254.169.254/latest/meta-data/",
        "http://[::ffff:10.0.0.1]/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "https:///path",
        "https://user:secret@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com\\@127.0.0.1/",
        "https://example.com/#fragment",
        "https://example.com:0/",
        "https://example.com:70000/",
        "https://example.com/\r\nHost: other",
        "https://exa mple.com/",
        "https://例子.cn/",
        "https://example.com/" + "a" * 2_048,
        "",
    ],
)
def test_a_url_that_may_not_be_called_is_refused(url: str) -> None:
    with pytest.raises(DestinationRefused):
        AllowedPlaces().check_url(url)


@pytest.mark.parametrize(
    "url", ["https://example.com/hook?a=b", "http://example.com:8080/x", "https://[2400:3200::1]/"]
)
def test_a_url_into_the_internet_is_taken(url: str) -> None:
    AllowedPlaces().check_url(url)


@pytest.mark.asyncio
@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "017700000001", "127.1"])
async def test_a_name_or_number_that_means_this_machine_is_refused(host: str) -> None:
    with pytest.raises(DestinationRefused):
        await CheckedResolver(AllowedPlaces()).resolve(host, 80)


@pytest.mark.asyncio
async def test_of_several_addresses_only_allowed_ones_are_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told(host: str, port: int, *_: Any) -> list[tuple[Any, ...]]:
        assert host == "shop.example"
        texts = ("10.0.0.9", "8.8.8.8", "169.254.169.254")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in texts]

    monkeypatch.setattr(socket, "getaddrinfo", told)
    found = await CheckedResolver(AllowedPlaces()).resolve("shop.example", 443)
    assert [entry["host"] for entry in found] == ["8.8.8.8"]
