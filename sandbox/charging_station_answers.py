"""How the platform of document 000 answers, and how its pages are asked for."""

from collections.abc import Mapping
from typing import NamedTuple

from sandbox.system import Answer

MAY_NOT = -1
WRONG = 400
NOT_THERE = 404
PAGE_SIZE_LIMIT = 100


class Complaint(NamedTuple):
    """Why a call is refused: the answer's status and message."""

    status: int
    message: str


def success(content: object) -> Answer:
    """A call that was done."""
    return Answer.of({"status": 200, "message": "请求成功!", "data": content})


def refusal(complaint: Complaint) -> Answer:
    """A call that was refused, with HTTP 200."""
    status, message = complaint
    return Answer.of({"status": status, "message": message, "data": message}, refused=True)


def page_window(query: Mapping[str, str]) -> tuple[int, int] | Complaint:
    """The page's index, counted from 1, and its size."""
    index, size = _counting(query.get("pageIndex")), _counting(query.get("pageSize"))
    if not index:
        return Complaint(WRONG, "pageIndex应为从1开始的整数")
    if not size or size > PAGE_SIZE_LIMIT:
        return Complaint(WRONG, f"pageSize应为1到{PAGE_SIZE_LIMIT}的整数")
    return index, size


def _counting(value: str | None) -> int:
    """A whole number from 1; 0 for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else 0
