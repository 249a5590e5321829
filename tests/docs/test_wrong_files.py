"""docs/wrong-files.md is what the program says, and each wrong file is named for what it is."""

import re

from certrelay.errors import FOUND
from certrelay.texts import LANGUAGES, Texts
from tests.docs import wrong_files

SAID = {given: wrong_files.said_of(case) for given, case in wrong_files.CASES.items()}


def test_the_page_is_what_the_program_says() -> None:
    assert wrong_files.PATH.read_text("utf-8") == wrong_files.page()


def test_there_are_forty_wrong_files_and_every_kind_that_is_told_apart_is_among_them() -> None:
    assert len(SAID) >= 40
    assert {str(error.details["found"]) for error in SAID.values() if "found" in error.details} == {
        *FOUND
    }


def test_nothing_whole_is_called_damaged_and_no_internal_word_is_shown() -> None:
    for given, error in SAID.items():
        for language in LANGUAGES:
            texts = Texts(language)
            said = f"{texts.error(error)} {texts.hint(error)}"
            assert "whole" not in said or "folder" in said or "missing" in given, given
            assert "?" not in said, given
            assert not re.search(r"\b[a-z]+_[a-z_]+\b", said), given
            assert texts.hint(error), given


def test_what_is_said_names_the_file_that_is_meant() -> None:
    for given, error in SAID.items():
        if "file" in error.details:
            assert str(error.details["file"]) in Texts("ko").error(error), given
