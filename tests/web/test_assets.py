"""What browsers load: small, kept as long as it may be, and nothing else is given out."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bookonce.web import assets
from bookonce.web.assets import best_coding
from bookonce.web.build import NotBuiltError, asset_url, build
from tests import asking
from tests.running import RunningServer
from tests.web.visitors import refused

EMBED_BYTES_MAX = 4096
CODINGS = {"br": b"", "gzip": b""}


def raw(visitor: httpx.Client, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """An answer, and its body as it came over the wire."""
    with visitor.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


class TestBuiltFiles:
    @pytest.mark.parametrize(
        "name, media_type",
        [("page.css", "text/css; charset=utf-8"), ("page.js", "text/javascript; charset=utf-8")],
    )
    def test_it_works(self, visitor: httpx.Client, name: str, media_type: str) -> None:
        answer = visitor.get(asset_url(name))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media_type
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.content == build().assets[build().names[name]].content

    @pytest.mark.parametrize("name", ["page.css", "page.js"])
    def test_its_name_tells_its_content_so_it_may_be_kept_for_ever(
        self, visitor: httpx.Client, name: str
    ) -> None:
        stem, _, suffix = name.partition(".")
        assert re.fullmatch(rf"/static/built/{stem}-[0-9a-f]{{12}}\.{suffix}", asset_url(name))
        answer = visitor.get(asset_url(name))
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"

    @pytest.mark.parametrize(
        "accepted, coding",
        [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip, deflate", "gzip"),
            ("br;q=0, gzip", "gzip"),
            ("identity", None),
            ("", None),
        ],
    )
    def test_it_comes_in_the_smallest_form_the_browser_reads(
        self, visitor: httpx.Client, accepted: str, coding: str | None
    ) -> None:
        answer, body = raw(visitor, asset_url("page.css"), **{"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == coding
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-length"] == str(len(body))
        asset = build().assets[build().names["page.css"]]
        assert body == (asset.smaller[coding] if coding else asset.content)

    def test_every_form_is_the_same_file(self) -> None:
        for asset in build().assets.values():
            assert gzip.decompress(asset.smaller["gzip"]) == asset.content
            assert asset.smaller["br"]

    def test_asking_for_the_head_alone_works(self, visitor: httpx.Client) -> None:
        answer = visitor.head(asset_url("page.css"))
        assert (answer.status_code, answer.content) == (200, b"")

    @pytest.mark.parametrize(
        "file",
        [
            "",
            "/",
            "/page.css",
            "/page-000000000000.css",
            "/manifest.json",
            "/embed.js",
            "/{page.css}.gz",
            "/{page.css}.br",
            "/x/{page.css}",
            "/../built/manifest.json",
            "/..%2f..%2fapplication.py",
            "/%2e%2e/%2e%2e/application.py",
            "/..%5c..%5capplication.py",
            "/%2fetc%2fpasswd",
            "//etc/passwd",
            "/%00",
            "/{page.css}%00",
            "/" + "x" * 300,
        ],
    )
    def test_nothing_else_is_there(self, server: RunningServer, file: str) -> None:
        path = "/static/built" + file.replace("{page.css}", build().names["page.css"])
        address = httpx.URL(server.base_url).copy_with(raw_path=path.encode())
        refused(asking.get(address), 404, "NOT_FOUND")


class TestEmbedScript:
    def test_it_works(self, visitor: httpx.Client) -> None:
        answer = visitor.get("/embed.js")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=300"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert b"bookonce" in answer.content

    def test_other_sites_may_load_it(self, visitor: httpx.Client) -> None:
        answer = visitor.get("/embed.js")
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["access-control-allow-origin"] == "*"  # as a module

    @pytest.mark.parametrize("coding", ["br", "gzip"])
    def test_it_is_small(self, visitor: httpx.Client, coding: str) -> None:
        answer, body = raw(visitor, "/embed.js", **{"Accept-Encoding": coding})
        assert answer.headers["content-encoding"] == coding
        assert len(body) <= EMBED_BYTES_MAX

    @pytest.mark.parametrize("accepted", ["br", "gzip", "identity"])
    def test_the_same_script_is_not_sent_again(self, visitor: httpx.Client, accepted: str) -> None:
        first, _ = raw(visitor, "/embed.js", **{"Accept-Encoding": accepted})
        tag = first.headers["etag"]
        for known in (tag, f"W/{tag}", f'"old", {tag}'):
            again, body = raw(
                visitor, "/embed.js", **{"Accept-Encoding": accepted, "If-None-Match": known}
            )
            assert (again.status_code, body) == (304, b"")
            assert again.headers["etag"] == tag
            assert again.headers["cache-control"] == "public, max-age=300"
            assert again.headers["vary"] == "Accept-Encoding"
            assert "content-encoding" not in again.headers

    def test_each_form_has_a_tag_of_its_own(self, visitor: httpx.Client) -> None:
        forms = ("br", "gzip", "identity")
        answers = [raw(visitor, "/embed.js", **{"Accept-Encoding": each})[0] for each in forms]
        assert len({answer.headers["etag"] for answer in answers}) == len(forms)

    def test_another_script_is_sent(self, visitor: httpx.Client) -> None:
        answer = visitor.get("/embed.js", headers={"If-None-Match": '"another"'})
        assert answer.status_code == 200
        assert answer.content

    def test_it_keeps_nothing_on_the_visitors_machine_and_writes_no_markup(self) -> None:
        script = build().assets["embed.js"].content.decode()
        for word in ("cookie", "localStorage", "sessionStorage", "innerHTML", "eval(", "fetch("):
            assert word not in script


class TestBestCoding:
    @pytest.mark.parametrize(
        "accepted, coding",
        [
            ([], None),
            (["gzip"], "gzip"),
            (["GZIP"], "gzip"),
            (["gzip", "br"], "br"),
            (["gzip;q=1.0, br;q=0.5"], "gzip"),
            (["gzip ; q=0.5,br ; Q=0.5"], "br"),
            (["*"], "br"),
            (["*;q=0"], None),
            (["br;q=0, *"], "gzip"),
            (["identity, gzip;q=0.5"], None),
            (["gzip;q=much"], None),
            (["br2, xgzip, deflate"], None),
            ([",;q,"], None),
        ],
    )
    def test_it_is_the_one_wanted_most(self, accepted: list[str], coding: str | None) -> None:
        assert best_coding(accepted, CODINGS) == coding


class TestWithoutABuild:
    @pytest.fixture(autouse=True)
    def _no_build(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        build.cache_clear()
        monkeypatch.setattr("bookonce.web.build.files", lambda _: tmp_path)
        yield
        build.cache_clear()

    def test_nothing_starts_and_what_to_do_is_said(self) -> None:
        with pytest.raises(NotBuiltError, match=r"`make run`.*`npm ci && npm run build`"):
            assets.handlers()
