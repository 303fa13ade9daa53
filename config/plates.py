"""Hiding plate numbers, which name a person, where they are only looked at: logs and Flower.

The journal keeps them: a person has to see what was told. What stays is enough to tell two cars
apart, 沪A***45.
"""

import re
from urllib.parse import quote

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
ENDINGS = "港澳学警挂使领试超"


def _written(letters: str) -> str:
    """A pattern of any of the letters, as it is, escaped in JSON, or in a form."""
    escaped = "|".join(f"u{ord(letter):04x}" for letter in letters)
    in_a_form = "|".join(quote(letter).removeprefix("%") for letter in letters)
    return rf"(?:[{letters}]|\\(?i:{escaped})|%(?i:{in_a_form}))"


DOT = r"(?:[·•. +-]|%20|%(?i:c2%b7)|\\(?i:u00b7))?"
LOOKS_LIKE_ONE = re.compile(
    rf"(?=[{PROVINCES}\\%W])(?:"
    rf"({_written(PROVINCES)}[A-Za-z])({DOT}[A-Za-z0-9]{{3,4}})"
    rf"([A-Za-z0-9](?:{_written(ENDINGS)}|[A-Za-z0-9]))"
    rf"|(WJ{_written(PROVINCES)})({DOT}[A-Z0-9]{{3}})([A-Z0-9]{{2}}))"
)
AN_EMBASSYS = re.compile(r"(使\d)(\d{3})(\d\d)|(?<!\d)(\d\d)(\d{3})(\d使)")
VALUE = r""""[^"]*"?|'[^']*'?|[^\s"'&,;})\]\\]+"""
CALLED_ONE = re.compile(
    rf"((?<!tem)(?i:plate[_-]?(?:no|num|number)?)|车牌号?码?)(\\?[\"']?\s*[=:：]\s*\\?)({VALUE})"
)
NOTHING = ("null", "None", "none", "")


def hide(text: str) -> str:
    """Leave of each plate number its first two and last two signs.

    What follows a plate's name counts as one, whatever it looks like.
    """
    if not text.isascii() or "\\u" in text or "%E" in text or "%e" in text:
        text = LOOKS_LIKE_ONE.sub(_shortened, text)
    if "使" in text:
        text = AN_EMBASSYS.sub(_shortened, text)
    if "late" in text or "LATE" in text or "车牌" in text:
        text = CALLED_ONE.sub(_starred, text)
    return text


def _shortened(found: re.Match[str]) -> str:
    first, _, last = (group for group in found.groups() if group is not None)
    return f"{first}***{last}"


def _starred(found: re.Match[str]) -> str:
    name, sign, value = found.groups()
    bare = value.strip("\"'")
    if "***" in bare or bare in NOTHING:
        return found[0]
    return f"{name}{sign}{value.replace(bare, '***')}"
