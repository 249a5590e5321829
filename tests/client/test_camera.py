import contextlib
import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from certrelay.client.camera import MAX_PICTURE_BYTES, read_url, recognise
from certrelay.errors import QrError
from client_pc.qr_screen import Look, draw, png, terminal_lines
from tests.qr_pictures import show_in_terminal

OURS = "https://relay.example.kr/#" + "1234567890" * 15 + "12345678"
OTHER = "https://relay.example.kr/#" + "2345678901" * 15 + "23456789"
SHOP = "https://shop.example.kr/menu?table=4"


def code(text: str) -> Image.Image:
    return Image.open(BytesIO(png(draw(text)))).convert("RGB")


def saved(picture: Image.Image, kind: str = "PNG") -> bytes:
    file = BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def screenshot(*texts: str) -> bytes:
    """A screen with windows and writing, and the codes of ``texts`` side by side."""
    screen = Image.new("RGB", (600 * max(1, len(texts)), 800), (40, 60, 90))
    paint = ImageDraw.Draw(screen)
    for line in range(0, 800, 40):
        paint.text((20, line), "certrelay import   [||||  ]  1:58", fill=(220, 220, 220))
        paint.rectangle((300, line, 300 + line // 3, line + 20), outline=(200, 90, 90))
    for place, text in enumerate(texts):
        screen.paste(code(text), (600 * place + 50, 200))
    return saved(screen)


def refusal(picture: bytes) -> str:
    with pytest.raises(QrError) as caught:
        read_url(picture)
    assert caught.value.details == {}
    return caught.value.code


def test_the_picture_that_the_pc_drew_is_read() -> None:
    assert read_url(png(draw(OURS))) == OURS


def test_a_screenshot_with_other_things_in_it_is_read() -> None:
    assert read_url(screenshot(OURS)) == OURS


def test_a_foreign_code_beside_ours_does_not_disturb() -> None:
    assert read_url(screenshot(SHOP, OURS)) == OURS


def test_the_same_code_twice_is_one() -> None:
    assert read_url(screenshot(OURS, OURS)) == OURS


@pytest.mark.parametrize("look", [Look.CUBE, Look.ON_DARK])
def test_a_screenshot_of_a_terminal_is_read(look: Look) -> None:
    screen = show_in_terminal(terminal_lines(draw(OURS), look), 80, 24, 200, 25)
    assert read_url(saved(screen)) == OURS


def test_a_code_on_transparent_ground_is_read() -> None:
    black = code(OURS).convert("L").point([255, *[0] * 255])
    picture = Image.new("RGBA", black.size, (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), mask=black)
    assert read_url(saved(picture)) == OURS


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_picture_may_lie_on_its_side(turn: int) -> None:
    assert read_url(saved(code(OURS).rotate(turn, expand=True), "JPEG")) == OURS


def test_a_picture_without_a_code_says_so() -> None:
    assert refusal(screenshot()) == "picture_no_qr"


def test_two_codes_of_ours_are_not_chosen_between() -> None:
    assert refusal(screenshot(OURS, OTHER)) == "picture_many_qr"


def test_a_foreign_code_alone_is_named_so() -> None:
    assert refusal(screenshot(SHOP)) == "qr_foreign"


def huge_png(width: int, height: int) -> bytes:
    """A well-formed PNG of some KiB that unfolds to ``width × height`` pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    rows = zlib.compressobj(9)
    line = bytes(1 + width // 8)
    content = b"".join(rows.compress(line) for _ in range(height)) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", content) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"not a picture",
        png(draw(OURS))[:500],
        saved(code(OURS), "GIF"),
        huge_png(20_000, 20_000),
        png(draw(OURS)) + bytes(MAX_PICTURE_BYTES),
    ],
    ids=["empty", "text", "cut off", "another format", "unfolds too far", "too many bytes"],
)
def test_what_cannot_be_opened_is_refused_in_one_way(picture: bytes) -> None:
    assert refusal(picture) == "picture_unreadable"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_picture_ends_in_our_own_errors_only(data: st.DataObject) -> None:
    picture = bytearray(data.draw(st.sampled_from([png(draw(OURS)), saved(code(OURS), "JPEG")])))
    for _ in range(data.draw(st.integers(1, 8))):
        picture[data.draw(st.integers(0, len(picture) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(QrError):
        read_url(bytes(picture[: data.draw(st.integers(0, len(picture)))]))


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ([], "picture_no_qr"),
        ([""], "qr_foreign"),
        (["WIFI:S:home;T:WPA;P:secret;;"], "qr_foreign"),
        (["https://relay.example.kr/#top"], "qr_foreign"),
        (["https://relay.example.kr/#1234"], "qr_foreign"),
        (["javascript:alert(1)#" + "1" * 158], "qr_foreign"),
        ([OURS + "\n"], "qr_foreign"),
        (["https://relay.example.kr/#" + "１" * 158], "qr_foreign"),
        ([OURS, OTHER, SHOP], "picture_many_qr"),
    ],
)
def test_only_one_code_of_our_shape_is_taken(texts: list[str], code: str) -> None:
    with pytest.raises(QrError) as caught:
        recognise(texts)
    assert caught.value.code == code


def test_a_code_of_a_newer_version_is_left_to_the_qr_reader() -> None:
    newer = "https://relay.example.kr/#" + "9" * 90
    assert recognise([newer]) == newer
