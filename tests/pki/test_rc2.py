import pytest

from certrelay.pki import rc2


# RFC 2268, section 5: those whose effective bits are those of the key.
@pytest.mark.parametrize(
    ("key", "plain", "sealed"),
    [
        ("ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"),
        ("3000000000000000", "1000000000000001", "30649edf9be7d2c2"),
        ("88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"),
    ],
)
def test_the_standards_vectors(key: str, plain: str, sealed: str) -> None:
    opened = rc2.decrypt_cbc(bytes.fromhex(key), bytes(8), bytes.fromhex(sealed))
    assert opened.hex() == plain


def test_the_standards_table_is_a_permutation() -> None:
    assert sorted(rc2._PI) == list(range(256))
