from io import BytesIO

import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageStat

from certrelay.client.camera import read_url
from client_pc.qr_screen import draw, png
from tests.photo import CLASSES, SIZE, photograph

URL = "https://relay.example.kr/#" + "1234567890" * 15 + "12345678"
CLEAN = png(draw(URL))


@pytest.mark.parametrize("name", CLASSES)
def test_a_photograph_follows_from_its_seed(name: str) -> None:
    photo = photograph(CLEAN, CLASSES[name], 5)
    assert photo == photograph(CLEAN, CLASSES[name], 5)
    assert photo != photograph(CLEAN, CLASSES[name], 6)
    with Image.open(BytesIO(photo)) as picture:
        assert (picture.format, picture.size) == ("JPEG", SIZE)


# The rates over 200 photographs a class are bench/camera.py's; this is a sample of them.
@pytest.mark.parametrize("seed", range(1, 7))
@pytest.mark.parametrize("name", ["easy", "moderate"])
def test_ordinary_photographs_are_read(name: str, seed: int) -> None:
    assert read_url(photograph(CLEAN, CLASSES[name], seed)) == URL


def test_the_worse_class_looks_worse() -> None:
    def contrast(name: str) -> float:
        with Image.open(BytesIO(photograph(CLEAN, CLASSES[name], 3))) as photo:
            return float(ImageStat.Stat(photo).stddev[0])

    assert contrast("easy") > contrast("hard")


def test_a_photograph_is_no_copy_of_the_picture() -> None:
    with Image.open(BytesIO(photograph(CLEAN, CLASSES["moderate"], 1))) as photo:
        clean = Image.open(BytesIO(CLEAN)).convert("L").resize(photo.size)
        assert ImageStat.Stat(ImageChops.difference(photo, clean)).mean[0] > 20


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_a_first_look_misses_a_second_one_without_the_noise_reads(seed: int) -> None:
    photo = photograph(CLEAN, CLASSES["hard"], seed)
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    with Image.open(BytesIO(photo)) as picture:
        assert not zxingcpp.read_barcodes(picture.convert("L"), formats=formats), "a bad photograph"
    assert read_url(photo) == URL
