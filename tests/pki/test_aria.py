from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certrelay.pki import aria
from tests.openssl import openssl

PLAIN = bytes.fromhex("00112233445566778899aabbccddeeff")
KEY = bytes(range(32))
IV = bytes.fromhex("0f1e2d3c4b5a69788796a5b4c3d2e1f0")


# RFC 5794, appendix A.
@pytest.mark.parametrize(
    ("size", "sealed"),
    [
        (16, "d718fbd6ab644c739da95f3be6451778"),
        (24, "26449c1805dbe7aa25a468ce263a9e79"),
        (32, "f92bd7c79fb72e2f2b8f80c1972d24fc"),
    ],
)
def test_the_standards_vectors(size: int, sealed: str) -> None:
    # One block under an IV of zeros is the bare cipher.
    assert aria.encrypt_cbc(KEY[:size], bytes(16), PLAIN).hex() == sealed
    assert aria.decrypt_cbc(KEY[:size], bytes(16), bytes.fromhex(sealed)) == PLAIN


@pytest.mark.parametrize("size", [16, 24, 32])
def test_openssl_gives_the_same(size: int, tmp_path: Path) -> None:
    path = tmp_path / "plain"
    content = bytes(at * at % 251 for at in range(20 * 16))
    path.write_bytes(content)
    name = f"-aria-{8 * size}-cbc"
    key = ("-K", KEY[:size].hex(), "-iv", IV.hex(), "-nopad")
    assert openssl("enc", name, *key, "-in", path) == aria.encrypt_cbc(KEY[:size], IV, content)


@given(st.sampled_from([16, 24, 32]), st.binary(min_size=32, max_size=32), st.data())
@settings(max_examples=25)
def test_what_is_encrypted_is_decrypted(size: int, key: bytes, data: st.DataObject) -> None:
    iv = data.draw(st.binary(min_size=16, max_size=16))
    content = data.draw(st.binary(min_size=48, max_size=48))
    sealed = aria.encrypt_cbc(key[:size], iv, content)
    assert aria.decrypt_cbc(key[:size], iv, sealed) == content
    assert sealed[16:32] != content[16:32]
