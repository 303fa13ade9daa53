"""Reading and writing JSON without losing a digit: read_json and write_json of worker.events."""

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.wire import NotAnEvent, read_json, write_json

text = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | text
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner))
decimals = st.decimals(allow_nan=False, allow_infinity=False)


@given(values)
@settings(deadline=None)
def test_any_value_without_fractions_survives_writing_and_reading(value: object) -> None:
    assert read_json(write_json(value)) == value


@given(decimals)
@settings(deadline=None)
def test_a_decimal_keeps_its_value_as_a_number_or_as_text(value: Decimal) -> None:
    kept = read_json(write_json({"x": value}))
    assert isinstance(kept, dict)
    assert Decimal(kept["x"]) == value


@given(st.integers(-(10**9), 10**9), st.integers(0, 4))
def test_an_everyday_amount_is_written_as_a_number(units: int, places: int) -> None:
    amount = Decimal(units).scaleb(-places)
    assert json.loads(write_json([amount])) == [float(amount)]


@given(st.binary(max_size=200) | st.text(max_size=200))
@settings(deadline=None)
def test_whatever_is_given_is_read_or_is_not_an_event(given: bytes | str) -> None:
    with contextlib.suppress(NotAnEvent):
        read_json(given)


def test_fractions_are_read_as_decimals_to_the_last_digit() -> None:
    assert read_json("[0.1, 1e2, 12.345678901234567890]") == [
        Decimal("0.1"),
        Decimal("1e2"),
        Decimal("12.345678901234567890"),
    ]


def test_what_a_float_would_round_is_written_as_text() -> None:
    assert write_json([Decimal("12.345678901234567890")]) == '["12.345678901234567890"]'
    assert write_json([Decimal("1e400")]) == '["1E+400"]'


@pytest.mark.parametrize(
    "bad",
    ["", "{", "nope", "NaN", "[Infinity]", "[-Infinity]", "1e99999999999999999999", "\ufeff1"],
)
def test_what_no_other_program_could_write_is_not_an_event(bad: str) -> None:
    with pytest.raises(NotAnEvent):
        read_json(bad)


def test_half_a_surrogate_pair_is_not_written() -> None:
    halves = read_json('["\\ud83d", "\\ude00"]')
    with pytest.raises(NotAnEvent, match="surrogate"):
        write_json(halves)
    assert write_json(read_json('"\\ud83d\\ude00"')) == '"😀"'


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_deep_nesting_is_not_an_event(bracket: str) -> None:
    with pytest.raises(NotAnEvent, match="nested too deeply"):
        read_json(bracket * 100_000)


def test_a_number_of_many_thousand_digits_is_not_an_event() -> None:
    with pytest.raises(NotAnEvent, match="not JSON"):
        read_json("9" * 5000)


def test_text_is_written_as_it_is_and_compactly() -> None:
    assert write_json({"站": ["沪A", 1, None, True]}) == '{"站":["沪A",1,null,true]}'
