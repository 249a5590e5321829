import ast
import json
import re
import string
from pathlib import Path

import pytest

from certrelay import texts
from certrelay.errors import (
    CertRelayError,
    Interrupted,
    NotConfirmed,
    ProtocolError,
    RelayUnreachable,
    ReleaseRefused,
    RoomEnded,
    StateError,
    StorageError,
    TrustError,
    UsageError,
)
from certrelay.texts import LANGUAGES, Texts, choose_language
from tests import sources
from tests.test_errors import error_classes

CATALOGUES = {
    language: json.loads(
        (Path(texts.__file__).parent / f"{language}.json").read_text("utf-8"),
        object_pairs_hook=lambda pairs: pairs,
    )
    for language in LANGUAGES
}
SENTENCES: dict[str, dict[str, str]] = {name: dict(rows) for name, rows in CATALOGUES.items()}
ENDS_OF_A_COPY: tuple[type[CertRelayError], ...] = (
    *(RoomEnded, RelayUnreachable, ProtocolError, TrustError, ReleaseRefused),
    *(NotConfirmed, Interrupted, StateError),
)
HANGUL = re.compile("[가-힣]")
PAGES = ("page.", "browser.", "centre.")


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert set(SENTENCES["ko"]) == set(SENTENCES["en"])


def test_both_languages_have_the_same_placeholders() -> None:
    differing = {
        key: (sentence, SENTENCES["en"].get(key))
        for key, sentence in SENTENCES["ko"].items()
        if placeholders(sentence) != placeholders(SENTENCES["en"].get(key, ""))
    }
    assert differing == {}


def test_placeholders_are_plain_names() -> None:
    # A conversion or an index would let a sentence reach into the values it is given.
    found = {
        name for table in SENTENCES.values() for row in table.values() for name in placeholders(row)
    }
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in found), found


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_are_sorted_and_stand_once(language: str) -> None:
    keys = [key for key, _ in CATALOGUES[language]]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_neither_empty_nor_ragged(language: str) -> None:
    ragged = [key for key, row in SENTENCES[language].items() if not row or row != row.rstrip()]
    assert ragged == []


def test_both_languages_stand_in_the_same_column() -> None:
    def indent(sentence: str) -> str:
        return sentence[: len(sentence) - len(sentence.lstrip())]

    english = SENTENCES["en"]
    uneven = [key for key, row in SENTENCES["ko"].items() if indent(row) != indent(english[key])]
    assert uneven == []


def test_korean_sentences_are_korean_and_english_ones_are_not() -> None:
    # A sentence of placeholders and signs only ("{cn} · {issuer}", "D-{days}") has no language.
    wordless = re.compile(r"(D-)?(\{[a-z0-9_]+\}|[^a-zA-Z가-힣])*")
    korean = {k: v for k, v in SENTENCES["ko"].items() if not wordless.fullmatch(v)}
    assert [k for k, v in korean.items() if not HANGUL.search(v)] == []
    quoted = re.compile("'[^']*'|\"[^\"]*\"|\\([^)]*\\)")
    english = {k: quoted.sub("", v) for k, v in SENTENCES["en"].items()}
    assert [k for k, v in english.items() if HANGUL.search(v)] == []


def test_an_object_particle_fits_the_word_before_it() -> None:
    # 을 stands behind a final consonant, 를 behind a vowel.
    wrong = {
        key: found[0]
        for key, sentence in SENTENCES["ko"].items()
        for found in re.finditer("([가-힣]{2,})(을|를)(?= )", sentence)
        if ((ord(found[1][-1]) - 0xAC00) % 28 == 0) != (found[2] == "를")
    }
    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("error_class", error_classes(), ids=lambda each: each.__name__)
def test_every_error_has_a_sentence_and_a_hint(
    error_class: type[CertRelayError], language: str
) -> None:
    keys = {f"{what}.{text}" for text in error_class.codes.values() for what in ("error", "hint")}
    assert keys - set(SENTENCES[language]) == set()


WAYS = (".export.phone", ".import.phone", ".phone", ".export", ".import", "")
COMMAND_LINE = re.compile(r"(^|[\s(])--[a-z]|certrelay (config|delete|doctor|history|list|passwd)")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_speaks_of_command_lines(language: str) -> None:
    """Whoever copies in a browser is told what to do there: each end of a copy, on either page."""
    ends: tuple[type[CertRelayError], ...] = (*ENDS_OF_A_COPY, StorageError)
    codes = {text for kind in ends for text in kind.codes.values()} - {"not_deleted", "unwell"}
    said = SENTENCES[language]
    wrong = []
    for what, code in ((what, code) for what in ("error", "hint") for code in codes):
        pc = [f"browser.{what}.{code}{way}" for way in WAYS]
        pages = {
            "phone": [f"page.{what}.{code}"],
            "PC": pc,
            "two PCs": [each for each in pc if ".phone" not in each],
        }
        if code in StorageError.codes.values() and code != "disk":
            del pages["phone"]  # the phone's page hands a file to its browser, and stores nothing
        for page, own in pages.items():
            shown = {key for key in own if key in said}
            if not shown or all(key.endswith((".export", ".import")) for key in shown):
                shown.add(f"{what}.{code}")
            wrong += [f"{page}: {key}" for key in shown if COMMAND_LINE.search(said[key])]
    assert set(wrong) == set()


def test_korean_lines_break_between_words_on_a_page() -> None:
    """A particle stays with what it belongs to, and what a dot joins is one word (U+2060 joins)."""
    loose = re.compile("[’)](?=[가-힣])|(?<=[가-힣])·(?=[가-힣])")
    pages = {k: v for k, v in SENTENCES["ko"].items() if k.startswith(PAGES)}
    assert [key for key, sentence in pages.items() if loose.search(sentence)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_word_wifi_stays_in_one_line_on_a_page(language: str) -> None:
    said = SENTENCES[language].items()
    pages = [key for key, row in said if key.startswith(PAGES) and "Wi-Fi" in row]
    assert pages == []


def test_no_sentence_is_unused() -> None:
    errors = {
        f"{what}.{text}"
        for each in error_classes()
        for text in each.codes.values()
        for what in ("error", "hint")
    }
    used = sources.literals() | errors
    prefixes = tuple(sources.prefixes() - {"error.", "hint."})
    unused = [key for key in SENTENCES["ko"] if key not in used and not key.startswith(prefixes)]
    assert unused == []


MADE_OF = {"allowed": "choices"}
"""What a sentence shows, and the detail that it is made of."""


def test_errors_are_raised_with_what_their_sentences_show() -> None:
    classes = {each.__name__: each for each in error_classes()}
    missing = []
    for path, call, name in sources.calls(frozenset(classes)):
        code = call.args[0] if call.args else None
        if not isinstance(code, ast.Constant) or code.value not in classes[name].codes:
            continue
        given = {keyword.arg for keyword in call.keywords}
        text = classes[name].codes[code.value]
        shown = placeholders(SENTENCES["ko"][f"error.{text}"] + SENTENCES["ko"][f"hint.{text}"])
        shown = {MADE_OF.get(each, each) for each in shown}
        if None not in given and shown - given:  # None is a `**details`
            missing.append(f"{path.name}:{call.lineno} {code.value} lacks {shown - given}")
    assert missing == []


def test_sentences_of_errors_show_their_details() -> None:
    error = ReleaseRefused("version_too_low", platform="android", found="G4.9", needed="G5.0")
    for language in LANGUAGES:
        said = Texts(language).error(error)
        assert "G4.9" in said
        assert "G5.0" in said
        assert "Play" in Texts(language).hint(error)


def test_a_detail_that_is_not_known_shows_as_a_question_mark() -> None:
    assert "?" in Texts("en").error(ReleaseRefused("version_too_low", platform="ios"))


def test_a_detail_cannot_act_on_the_terminal() -> None:
    said = Texts("ko").error(UsageError("bad_policy", where="\x1b[2J\u202e{cn}"))
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "{cn}" in said


def test_a_missing_value_of_a_plain_sentence_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Texts("en").say("error.bad_policy")


def test_an_error_of_the_base_class_says_nothing_rather_than_failing() -> None:
    class Strange(CertRelayError):
        codes = {"strange": "strange"}  # noqa: RUF012

    assert Texts("en").error(Strange("strange")) == ""


def test_the_language_asked_for_wins() -> None:
    assert choose_language("ko", {"LANG": "en_US.UTF-8"}) == "ko"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "ko_KR", "LANG": "en_US"}, "ko"),
    ],
)
def test_the_locale_decides_the_language(environment: dict[str, str], language: str) -> None:
    assert choose_language(None, environment) == language


def test_an_unconfirmed_copy_is_never_told_as_a_success() -> None:
    assert "확인을 받지 못했습니다" in Texts("ko").error(NotConfirmed("not_confirmed"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "code",
    [
        *("already_claimed", "cancelled", "connection_lost", "declined", "grace", "left"),
        *("number_mismatch", "over_budget", "page_closed", "protocol", "second_scan", "tampered"),
        *("timeout", "version_blocked", "version_too_low"),
    ],
)
def test_what_to_do_next_is_right_for_whoever_has_typed_a_code_too(
    language: str, code: str
) -> None:
    for key in (f"hint.{code}", f"page.hint.{code}", "page.finished.text"):
        assert "QR" not in SENTENCES[language].get(key, ""), key
