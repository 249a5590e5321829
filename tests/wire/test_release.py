import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.errors import Detail, ReleaseRefused, UsageError
from certrelay.wire.release import (
    LETTERS,
    PC_POLICY,
    PHONE_POLICY,
    ReleasePolicy,
    Version,
    VersionUnreadable,
)

numbers = st.lists(st.integers(0, 99_999), min_size=1, max_size=4)
letters = st.sampled_from(["", "G", "I", "W", "P"])


def refusal(platform: str, app: str, system: str, policy: ReleasePolicy = PHONE_POLICY) -> str:
    """The code of the refusal; empty if the device is admitted."""
    try:
        policy.check(platform, app, system)
    except ReleaseRefused as error:
        return error.code
    return ""


@given(letters, numbers)
def test_a_version_is_read_as_it_is_written(letter: str, parts: list[int]) -> None:
    text = letter + ".".join(map(str, parts))
    version = Version.parse(text)
    assert str(version) == text
    assert (version.letter, version.numbers) == (letter, tuple(parts))


@given(letters, numbers, numbers)
def test_versions_are_ordered_as_numbers_with_zeros_at_the_end(
    letter: str, left: list[int], right: list[int]
) -> None:
    one, other = (Version.parse(letter + ".".join(map(str, parts))) for parts in (left, right))
    padded = [parts + [0] * (4 - len(parts)) for parts in (left, right)]
    assert (one < other) == (padded[0] < padded[1])
    assert (one == other) == (padded[0] == padded[1])
    assert (one >= other) == (padded[0] >= padded[1])
    if one == other:
        assert hash(one) == hash(other)


def test_ten_is_more_than_nine() -> None:
    assert Version.parse("G5.10") > Version.parse("G5.9")
    assert Version.parse("G10") > Version.parse("G9.9.9.9")


def test_zeros_at_the_end_change_nothing() -> None:
    assert Version.parse("G5.0") == Version.parse("G5.0.0") == Version.parse("G5")
    assert len({Version.parse("G5.0"), Version.parse("G5.0.0"), Version.parse("G05.0")}) == 1


def test_releases_of_different_apps_are_neither_equal_nor_ordered() -> None:
    assert Version.parse("G5.0") != Version.parse("I5.0")
    assert Version.parse("G5.0") != "G5.0"
    with pytest.raises(ValueError, match="no order"):
        _ = Version.parse("G5.0") < Version.parse("I5.0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "G",
        "Gx",
        "g5.0",
        "X5.0",
        "GG5",
        "G5.",
        "G.5",
        "G5..0",
        "G5.0.0.0.0",
        "G100000",
        "G5.100000",
        "G-5",
        "G+5",
        "G 5",
        " G5",
        "G5 ",
        "G5.0\n",
        "\nG5.0",
        "G5.0\x00",
        "G５.０",
        "G٥.٠",
        "G5.0-beta",
        "G5_0",
        "G5,0",
        "5.0G",
        "G1e3",
        "G²",
    ],
)
def test_what_is_no_version_is_unreadable(text: str) -> None:
    for parse in (Version.parse, Version.parse_app, Version.parse_os):
        with pytest.raises(VersionUnreadable):
            parse(text)
    assert refusal("android", text, "14") == "version_unreadable"
    assert refusal("android", "G5.0", text) == "version_unreadable"


@given(st.text(max_size=40))
def test_any_text_is_a_version_or_unreadable(text: str) -> None:
    try:
        version = Version.parse(text)
    except VersionUnreadable:
        return
    assert text.isascii()
    assert len(text) <= 24
    assert str(version) == text


@pytest.mark.parametrize(
    ("platform", "app", "system", "code"),
    [
        ("android", "G5.0", "8", ""),
        ("android", "G5.10", "14.0.1", ""),
        ("android", "G5.0.0.1", "8.0", ""),
        ("android", "G6.2.0", "99999", ""),
        ("android", "G4.9", "14", "version_too_low"),
        ("android", "G4.99999.99999.99999", "14", "version_too_low"),
        ("android", "G5.0", "7.1.2", "os_too_low"),
        ("android", "G4.9", "7", "version_too_low"),
        ("android", "5.0", "14", "version_unreadable"),
        ("android", "Gx", "14", "version_unreadable"),
        ("android", "G5.0\n", "14", "version_unreadable"),
        ("android", "G5.0", "G14", "version_unreadable"),
        ("android", "G5.0", "", "version_unreadable"),
        ("android", "I5.0", "14", "platform_mismatch"),
        ("ios", "I5.0", "13", ""),
        ("ios", "I5.0", "12.9", "os_too_low"),
        ("ios", "I4.12", "17", "version_too_low"),
        ("ios", "G5.0", "17", "platform_mismatch"),
        ("web", "W1.0", "1", ""),
        ("web", "W0.9", "1", "version_too_low"),
        ("web", "G5.0", "1", "platform_mismatch"),
        ("windows", "P1", "11", ""),
        ("macos", "P0.1", "1", ""),
        ("linux", "P0.1.0", "6.1", ""),
        ("linux", "P0.0.9", "6.1", "version_too_low"),
        ("linux", "G5.0", "6.1", "platform_mismatch"),
        ("pc", "P0.1", "6.1", "version_unreadable"),
        ("Android", "G5.0", "14", "version_unreadable"),
        ("", "G5.0", "14", "version_unreadable"),
        ("android ", "G5.0", "14", "version_unreadable"),
        ("symbian", "G5.0", "14", "version_unreadable"),
    ],
)
def test_the_default_policy_for_phones(platform: str, app: str, system: str, code: str) -> None:
    assert refusal(platform, app, system) == code


@pytest.mark.parametrize("platform", ["windows", "macos", "linux"])
def test_the_default_policy_for_pcs_admits_every_release_of_the_pc_client(platform: str) -> None:
    assert refusal(platform, "P0.0.1", "1", PC_POLICY) == ""
    assert refusal(platform, "G5.0", "1", PC_POLICY) == "platform_mismatch"
    assert refusal("android", "G5.0", "14", PC_POLICY) == "platform_mismatch"


def test_a_refusal_tells_what_was_found_and_what_is_needed() -> None:
    with pytest.raises(ReleaseRefused) as low:
        PHONE_POLICY.check("android", "G4.9", "14")
    assert low.value.details == {"platform": "android", "found": "G4.9", "needed": "G5.0"}
    with pytest.raises(ReleaseRefused) as old:
        PHONE_POLICY.check("ios", "I5.0", "12.4")
    assert old.value.details == {"platform": "ios", "found": "12.4", "needed": "13"}


@given(st.text(max_size=32), st.text(max_size=32), st.text(max_size=32))
def test_a_refusal_repeats_no_text_outside_the_grammar(
    platform: str, app: str, system: str
) -> None:
    details: dict[str, Detail] = {}
    try:
        PHONE_POLICY.check(platform, app, system)
    except ReleaseRefused as error:
        details = error.details
    assert details.pop("platform", "") in {"", *LETTERS}
    for version in details.values():
        Version.parse(str(version))


def test_a_policy_file_says_what_is_admitted() -> None:
    policy = ReleasePolicy.from_table(
        tomllib.loads('[android]\napp = "G5.2"\nos = "9"\nblocked = ["G5.3", "G5.4.1"]')
    )
    assert refusal("android", "G5.2", "9", policy) == ""
    assert refusal("android", "G5.1", "9", policy) == "version_too_low"
    assert refusal("android", "G5.3", "9", policy) == "version_blocked"
    assert refusal("android", "G5.3.0", "9", policy) == "version_blocked"
    assert refusal("android", "G5.4.1", "9", policy) == "version_blocked"
    assert refusal("android", "G5.3.1", "9", policy) == ""
    assert refusal("android", "G5.2", "8", policy) == "os_too_low"
    assert refusal("ios", "I5.0", "17", policy) == "platform_mismatch"


def test_one_table_stands_for_the_three_systems_of_pcs() -> None:
    table = {"pc": {"app": "P1.2", "blocked": ["P1.3"]}, "macos": {"app": "P2", "os": "13"}}
    policy = ReleasePolicy.from_table(table)
    assert set(policy.rules) == {"windows", "macos", "linux"}
    for platform in ("windows", "linux"):
        assert refusal(platform, "P1.2", "1", policy) == ""
        assert refusal(platform, "P1.1", "1", policy) == "version_too_low"
        assert refusal(platform, "P1.3", "1", policy) == "version_blocked"
    assert refusal("macos", "P1.9", "14", policy) == "version_too_low"
    assert refusal("macos", "P2", "12", policy) == "os_too_low"


@pytest.mark.parametrize("table", [{"android": {"app": "G5.0"}}, {"windows": {"app": "P1"}}])
def test_a_policy_that_names_no_pcs_refuses_them(table: dict[str, dict[str, str]]) -> None:
    policy = ReleasePolicy.from_table(table)
    assert refusal("linux", "P9", "1", policy) == "platform_mismatch"


def test_a_platform_without_an_os_floor_admits_every_system() -> None:
    policy = ReleasePolicy.from_table({"ios": {"app": "I5.0"}})
    assert refusal("ios", "I5.0", "0", policy) == ""


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "[android]"),
        ("[symbian]\napp = 'G5'", "[symbian]"),
        ("[android]", "[android] app"),
        ("android = 'G5.0'", "[android]"),
        ("[android]\napp = 5.0", "[android] app"),
        ("[android]\napp = '5.0'", "[android] app"),
        ("[android]\napp = 'I5.0'", "[android] app"),
        ("[android]\napp = 'G5.0\\n'", "[android] app"),
        ("[android]\napp = 'G5.0'\nos = 8", "[android] os"),
        ("[android]\napp = 'G5.0'\nos = 'G8'", "[android] os"),
        ("[android]\napp = 'G5.0'\nblocked = 'G5.1'", "[android] blocked"),
        ("[android]\napp = 'G5.0'\nblocked = ['I5.1']", "[android] blocked"),
        ("[android]\napp = 'G5.0'\nblock = []", "[android] block"),
    ],
)
def test_a_wrong_policy_is_refused_with_the_place(text: str, where: str) -> None:
    with pytest.raises(UsageError) as wrong:
        ReleasePolicy.from_table(tomllib.loads(text))
    assert (wrong.value.code, wrong.value.details) == ("bad_policy", {"where": where})
