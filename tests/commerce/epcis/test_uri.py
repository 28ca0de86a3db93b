"""URIs by RFC 3986."""

import pytest

from commerce.epcis.uri import is_uri


@pytest.mark.parametrize(
    "text",
    [
        "urn:epc:id:sgtin:6901234.012345.1",
        "urn:epc:idpat:sgtin:6901234.012345.*",
        "https://id.gs1.org/01/06901234123456/21/%22a%22?x=1#y",
        "geo:50.947573340894124,6.922120147375441",
        "ni:///sha-256;f00?ver=CBV2.0",
        "tea:field",
        "a:",
        "x-y.z+1:b",
        "http://user:pw@host:8080/a//b",
        "http://[2001:db8::7]/c=GB?objectClass?one",
        "http://[::ffff:1.2.3.4]:80",
        "http://[v1.fe80::a+en1]/",
        "mailto:a@b.example",
        "file:///etc/hosts",
    ],
)
def test_an_absolute_uri_is_one(text: str) -> None:
    assert is_uri(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "shipping", "//host/a", "/a/b", "1a:b", ":a", "a b:c", "http://a b/", "urn:x\n"),
        *("http://x/%zz", "http://x/%4", "urn:ä", "http://x/[y]", "a:b#c#d", "a:b\\c", "a:<b>"),
        *("http://[::1", "http://[::g]/", "http://[1]/", "http://host:8a/", "http://[1::2::3]/"),
    ],
)
def test_what_is_no_absolute_uri_is_refused(text: str) -> None:
    assert not is_uri(text)


def test_a_long_bad_uri_is_refused_in_linear_time() -> None:
    for filler in ("a", "a@", "%41", ":", "a:", "/"):
        assert not is_uri("http://" + filler * 40_000 + "\n")
