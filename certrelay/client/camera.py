"""S's eye: a picture in, the text of the one QR code of ours out.

The picture may be the PNG that the PC drew, a screenshot with other things in it, or a
photograph.  It is a stranger's file: its size is checked before a byte is decoded.

Source: docs/protocol.md §2.
"""

import re
import warnings
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Final

from certrelay.errors import QrError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PICTURE_BYTES: Final = 20 * 1024 * 1024
"""Bytes of a picture file: a phone's photograph has 2 to 12 MiB."""

MAX_PICTURE_PIXELS: Final = 64_000_000
"""Pixels of a picture: a phone's largest usual format has 50 million.  A file of some KiB
can unfold to billions."""

_ENLARGED_PIXELS: Final = 4_000_000
"""Pixels up to which a picture is enlarged for the second look: larger ones need it not."""

_FORMATS: Final = ("PNG", "JPEG")

# Fewer digits than one group have no meaning; what is longer is judged by the QR reader.
_OURS: Final = re.compile(r"https?://[^#\s]+#[0-9]{17,}\Z")


def read_url(picture: bytes) -> str:
    """Find our QR code in a picture.

    Returns:
        The URL as it stands in the code, still to be read by `certrelay.e2e.qr`.

    Raises:
        QrError: ``picture_unreadable``, or as `recognise` says.
    """
    return recognise(_decode(_open(picture)))


def recognise(texts: Iterable[str]) -> str:
    """Choose the one URL of ours among the texts of QR codes.

    The same code twice (a window and its shadow in the dock) is one.

    Raises:
        QrError: ``picture_no_qr``, ``qr_foreign`` or ``picture_many_qr``.
    """
    different = set(texts)
    ours = {text for text in different if _OURS.match(text)}
    if not different:
        raise QrError("picture_no_qr")
    if not ours:
        raise QrError("qr_foreign")
    if len(ours) > 1:
        raise QrError("picture_many_qr")
    return ours.pop()


def _open(picture: bytes) -> "Image":
    """Decode a picture to grey, transparent parts as white."""
    from PIL import Image

    if len(picture) > MAX_PICTURE_BYTES:
        raise QrError("picture_unreadable")
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 million pixels on; our own limit is lower and final.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(BytesIO(picture), formats=_FORMATS)
            if image.width * image.height > MAX_PICTURE_PIXELS:
                raise QrError("picture_unreadable")
            if image.has_transparency_data:
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image.convert("RGBA"))
            return image.convert("L")
    except QrError:
        raise
    except Exception:  # decoders of hostile bytes raise whatever their parsers come across
        raise QrError("picture_unreadable") from None


def _decode(image: "Image") -> list[str]:
    """Look once as it is, and if that shows none of ours, once more without the noise.

    The second look doubles what is read of bad photographs (bench/camera.py, class hard)
    and costs nothing where the first one succeeds.
    """
    from PIL import Image, ImageFilter

    texts = _qr_texts(image)
    if any(_OURS.match(text) for text in texts):
        return texts
    smooth = image.filter(ImageFilter.GaussianBlur(1))
    if smooth.width * smooth.height <= _ENLARGED_PIXELS:
        doubled = (2 * smooth.width, 2 * smooth.height)
        smooth = smooth.resize(doubled, Image.Resampling.BICUBIC)
    return texts + _qr_texts(smooth)


def _qr_texts(image: "Image") -> list[str]:
    import zxingcpp

    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return [each.text for each in zxingcpp.read_barcodes(image, formats=formats)]
