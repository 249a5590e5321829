from pathlib import Path

import pytest

from certrelay.errors import ReleaseRefused, UsageError
from certrelay.texts import LANGUAGES, Texts
from relay.settings import MAX_POLICY_BYTES, read_policy


def test_a_policy_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "releases.toml"
    file.write_text('# 안드로이드\n[android]\napp = "G5.2"\nos = "9"\n', "utf-8")
    policy = read_policy(file)
    policy.check("android", "G5.2", "9")
    with pytest.raises(ReleaseRefused, match="version_too_low"):
        policy.check("android", "G5.1", "9")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"[android", "releases.toml"),
        (b"[android]\napp = G5.0", "line 2"),
        (b"[android]\napp = '5.0'", "[android] app"),
        (b"\xff", "UTF-8"),
        (b"#" * (MAX_POLICY_BYTES + 1), "releases.toml"),
        (b"android = " + b"[" * 3000, "releases.toml"),
        (b"android = " + b"1" * 5000, "releases.toml"),
        (b"", "[android]"),
    ],
)
def test_a_policy_file_that_is_wrong_is_refused_with_the_place(
    tmp_path: Path, content: bytes, named: str
) -> None:
    file = tmp_path / "releases.toml"
    file.write_bytes(content)
    _is_refused(file, named)


def test_a_policy_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    _is_refused(tmp_path / "none.toml", "none.toml")
    _is_refused(tmp_path, tmp_path.name)


def _is_refused(file: Path, named: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_policy(file)
    assert refused.value.code == "bad_policy"
    for language in LANGUAGES:
        assert named in Texts(language).error(refused.value)
