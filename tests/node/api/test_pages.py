"""The page that checks proofs, as a node serves it (what it does: tests/web)."""

import base64
import re
from hashlib import sha256

import pytest
from hatchling.builders.wheel import WheelBuilder

from node.api.pages import MODULES, WEB, one_file
from tests.node.api.service import served

ROOT = WEB.parent.parent
PATHS = {
    "/verify": ("text/html; charset=utf-8", "verify.html"),
    "/verify.css": ("text/css; charset=utf-8", "verify.css"),
    **{f"/{name}": ("text/javascript; charset=utf-8", name) for name in MODULES},
}


@pytest.mark.asyncio
async def test_each_file_is_served_as_what_it_is_and_nothing_else() -> None:
    async with served() as node:
        for path, (content_type, name) in PATHS.items():
            async with node.http.get(node.url(path)) as response:
                assert response.status == 200
                assert response.headers["Content-Type"] == content_type
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert await response.read() == (WEB / name).read_bytes()


@pytest.mark.asyncio
async def test_a_browser_that_has_a_file_gets_it_only_if_it_has_changed() -> None:
    async with served() as node:
        for path in (*PATHS, "/verify-offline.html"):
            async with node.http.get(node.url(path)) as first:
                assert first.headers["Cache-Control"] == "no-cache"
                tag = first.headers["ETag"]
            headers = {"If-None-Match": tag}
            async with node.http.get(node.url(path), headers=headers) as again:
                assert (again.status, await again.read()) == (304, b"")
                assert again.headers["ETag"] == tag
            async with node.http.get(node.url(path), headers={"If-None-Match": '"x"'}) as other:
                assert other.status == 200


@pytest.mark.asyncio
async def test_the_page_runs_its_own_scripts_only_and_nobody_frames_it() -> None:
    async with served() as node, node.http.get(node.url("/verify")) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        page = await response.text()
        assert "<style" not in page
        assert re.findall(r"<script[^>]*>([^<]*)</script>", page) == [""]
        assert not re.search(r"\son\w+=|\sstyle=|https?:", page)


@pytest.mark.asyncio
async def test_the_one_file_page_is_saved_and_allows_its_own_parts_by_hash() -> None:
    async with served() as node, node.http.get(node.url("/verify-offline.html")) as response:
        assert response.headers["Content-Disposition"].startswith("attachment;")
        page = await response.text()
    for tag, source in (("script", "script-src"), ("style", "style-src")):
        (part,) = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(sha256(part.encode()).digest()).decode()
        assert f"{source} 'sha256-{digest}'" in page
    assert not re.search(r"(?:src|href)=\"[^\"#]*\.(?:js|css)\"", page)
    assert one_file().body.decode() == page


def test_the_package_ships_every_file_of_the_page() -> None:
    shipped = {file.relative_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {f"node/web/{path.name}" for path in WEB.iterdir()} <= shipped
    assert "node/api/pages.py" in shipped
