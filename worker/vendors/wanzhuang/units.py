"""The document's numbers, written as numbers or as strings, with their units and without floats."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Shown(BaseModel):
    """What an answer shows; fields that it does not type are kept as they came."""

    model_config = ConfigDict(frozen=True, extra="allow", str_strip_whitespace=True)


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("expected a number")  # noqa: TRY004 pydantic reads it
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except ArithmeticError:
        raise ValueError("expected a number") from None
    if not number.is_finite() or abs(number.adjusted()) > 20:
        raise ValueError("expected a number of this world")
    return number


def _whole(value: object) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise ValueError("expected a whole number")
    return int(number)


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _flag(value: object) -> bool:
    if value in (True, 1, "1", "true"):
        return True
    if value in (False, 0, "0", "false"):
        return False
    raise ValueError("expected 0 or 1")


Number = Annotated[Decimal, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Text = Annotated[str, BeforeValidator(_text)]
YuanOfFen = Annotated[Decimal, BeforeValidator(lambda value: _number(value).scaleb(-2))]
YuanOfHao = Annotated[Decimal, BeforeValidator(lambda value: _number(value).scaleb(-4))]
