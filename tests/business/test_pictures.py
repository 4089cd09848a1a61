"""Pictures in the business file: small, plain, and the same again when they come back."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections import OrderedDict

import pytest
from PIL import Image

from bookonce.business import pictures, toml_file, tree
from bookonce.business.picture_fields import PICTURES_CHARACTERS_MAX
from bookonce.business.pictures import COVER, OF_SERVICE, PORTRAIT, Frame, content_of, kept
from bookonce.platform.errors import ValidationError
from tests.factories import a_business, a_picture, a_service, a_staff_member


def as_url(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def opened(text: str) -> Image.Image:
    picture = Image.open(io.BytesIO(content_of(text)))
    picture.load()
    return picture


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_kept_as_webp_within_its_frame(kind: str) -> None:
    found = opened(kept(a_picture(3000, 2000, kind), COVER))
    assert (found.format, found.size) == ("WEBP", (1350, 900))


def test_a_small_one_is_not_made_larger() -> None:
    assert opened(kept(a_picture(100, 50), COVER)).size == (100, 50)


@pytest.mark.parametrize("frame", [COVER, PORTRAIT, OF_SERVICE])
def test_what_is_kept_stays_as_it_is(frame: Frame) -> None:
    once = kept(a_picture(2000, 1000, "JPEG"), frame)
    assert kept(once, frame) == once


def test_one_with_much_detail_is_made_as_small_as_it_may_weigh() -> None:
    noise = Image.effect_noise((2000, 1500), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=30)
    found = content_of(kept(as_url(out.getvalue(), "jpeg"), COVER))
    assert len(found) <= COVER.bytes_max


def test_what_is_see_through_stays_so() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (200, 200), (200, 0, 0, 0)).save(out, "PNG")
    assert opened(kept(as_url(out.getvalue()), OF_SERVICE)).getpixel((9, 9))[3] == 0  # type: ignore[index]


def test_where_it_was_taken_is_not_kept() -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0)}
    exif[0x010E] = "my home"
    found = kept(a_picture(400, 300, "WEBP", exif=exif), OF_SERVICE)
    assert not opened(found).getexif()
    assert b"my home" not in content_of(found)


def test_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    assert opened(kept(a_picture(400, 300, "JPEG", exif=exif), OF_SERVICE)).size == (300, 400)


def test_nothing_stays_behind_the_end_of_a_picture() -> None:
    once = content_of(kept(a_picture(), OF_SERVICE))
    again = kept(as_url(once + b"<script>alert(1)</script>", "webp"), OF_SERVICE)
    assert b"script" not in content_of(again)


def test_one_that_moves_stands_still() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    found = opened(kept(as_url(out.getvalue(), "webp"), OF_SERVICE))
    assert getattr(found, "n_frames", 1) == 1


def a_bomb(side_px: int = 100_000) -> bytes:
    """A PNG of a few bytes that says how large it is."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


WHOLE = content_of(a_picture())


@pytest.mark.parametrize(
    "text, why",
    [
        ("cover.jpg", "expected a picture such as"),
        ("https://example.com/cover.jpg", "expected a picture such as"),
        ("data:text/html;base64,PGI+", "expected a picture such as"),
        ("data:image/svg+xml;base64,PHN2Zz4=", "expected a picture such as"),
        ("data:image/gif;base64,R0lGODlh", "expected a picture such as"),
        ("data:image/png;base64,AAA", "not valid base64"),
        (as_url(b""), "can't be read"),
        (as_url(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), "can't be read"),
        (as_url(b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file"), "can't be read"),
        (as_url(WHOLE[: len(WHOLE) // 2]), "can't be read"),
        (as_url(WHOLE[:60] + b"\xff" * 40 + WHOLE[100:]), "can't be read"),
        (as_url(a_bomb()), "too many pixels"),
        (as_url(a_bomb(6_000)), "6000 × 6000 pixels"),
        (a_picture(8, 8), "smaller than 16 pixels"),
        (as_url(b"\0" * (pictures.UPLOAD_BYTES_MAX + 1)), "at most 2097152"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        kept(text, COVER)


def test_each_wrong_picture_is_named_with_its_place() -> None:
    with pytest.raises(ValidationError) as wrong:
        a_business(
            page={"cover": "cover.jpg"},
            staff=[a_staff_member("ada", picture=as_url(b"x"))],
            service=[a_service(), a_service("dye", picture="x")],
        )
    assert [error.field for error in wrong.value.errors] == [
        "page.cover", "staff[0].picture", "service[1].picture",
    ]  # fmt: skip


def test_all_pictures_together_are_bounded() -> None:
    noise = Image.effect_noise((640, 480), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=20)
    heavy = kept(as_url(out.getvalue(), "jpeg"), OF_SERVICE)
    count = PICTURES_CHARACTERS_MAX // len(heavy) + 1
    with pytest.raises(ValidationError, match=r"the pictures take \d+ characters"):
        a_business(service=[a_service(f"s{n}", picture=heavy) for n in range(count)])


def test_a_file_with_pictures_is_the_same_when_it_comes_back() -> None:
    business = a_business(
        page={"cover": a_picture(2000, 900, "JPEG")},
        staff=[a_staff_member("ada", picture=a_picture(900, 900))],
        service=[a_service(picture=a_picture())],
    )
    assert toml_file.parse(toml_file.render(business)) == business
    assert tree.from_tree(tree.as_tree(business)) == business


def test_what_was_decoded_once_is_not_decoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_sound", OrderedDict())  # of other tests nothing is known
    once, broken = kept(a_picture(), COVER), "data:image/webp;base64,UklGRgAAAABXRUJQ"
    with pytest.raises(ValueError, match="can't be read"):
        kept(broken, COVER)

    def decoded(*_: object, **__: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(Image, "open", decoded)
    assert kept(once, COVER) == once
    with pytest.raises(ValueError, match="can't be read"):  # tried again: it isn't known as sound
        kept(broken, COVER)
    with pytest.raises(ValueError, match="can't be read"):  # nor is one of another frame
        kept(once, PORTRAIT)
