import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.limits import MAX_INTEGER, MAX_JSON_DEPTH
from certrelay.strict_json import NotStrict, parse_object, write_object

values = st.recursive(
    st.integers(0, MAX_INTEGER) | st.text() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), values, max_size=4))
def test_what_is_written_is_read_again(fields: dict[str, object]) -> None:
    assert parse_object(write_object(fields)) == fields
    assert parse_object(write_object(fields).encode()) == fields


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '"a"',
        "null",
        "1",
        "{",
        "{}x",
        "{}{}",
        "\ufeff{}",
        '{"a":null}',
        '{"a":[null]}',
        '{"a":{"b":null}}',
        '{"a":1,"a":1}',
        '{"a":1,"\\u0061":1}',
        '{"a":{"b":1,"b":2}}',
        '{"a":1.0}',
        '{"a":1e3}',
        '{"a":-1}',
        '{"a":-0}',
        '{"a":9007199254740992}',
        '{"a":00}',
        '{"a":10000000000000000000000000}',
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":-Infinity}',
        '{"a":"\\ud800"}',
        '{"\\udc00":1}',
        '{"a":["\\udfff"]}',
        '{"a":"\ud800"}',
        "{'a':1}",
        '{"a":1,}',
        '{"a":"\n"}',
    ],
)
def test_what_is_not_strict_is_refused(text: str) -> None:
    with pytest.raises(NotStrict):
        parse_object(text)


@pytest.mark.parametrize(
    "raw", [b"\xff{}", b'{"a":"\xc3"}', b'{"a":"\xed\xa0\x80"}', b"\xef\xbb\xbf{}"]
)
def test_bytes_that_are_not_utf8_or_have_a_bom_are_refused(raw: bytes) -> None:
    with pytest.raises(NotStrict):
        parse_object(raw)


def test_the_largest_integer_is_read_exactly() -> None:
    assert parse_object('{"a":9007199254740991}') == {"a": MAX_INTEGER}


def test_a_pair_of_surrogates_written_as_escapes_is_one_character() -> None:
    assert parse_object('{"a":"\\ud83d\\ude00"}') == {"a": "😀"}


@pytest.mark.parametrize("depth", [0, 1, 31, 32, 500, 990, 991, 992, 1000, 9_000, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_one_limit_wherever_the_stack_ends(
    depth: int, opening: str, closing: str
) -> None:
    text = f'{{"a":{opening * depth}1{closing * depth}}}'
    if depth < MAX_JSON_DEPTH:
        parse_object(text)
    else:
        with pytest.raises(NotStrict):
            parse_object(text)


@given(st.text() | st.binary())
def test_any_text_is_an_object_or_not_strict(raw: str | bytes) -> None:
    try:
        fields = parse_object(raw)
    except NotStrict:
        return
    assert fields == json.loads(raw)
