"""获取回调日志: the latest start and finish callbacks of a charge, as the cloud remembers them.

The page names `req`, the body of a callback, and leaves open how a row says which callback it is:
the callback's name is looked for in all that a row says beside it.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from worker import coded
from worker.copies import NotRead
from worker.exchange import Answer
from worker.outcomes import Accepted, Refused
from worker.vendors.wanzhuang import answers
from worker.wire import NotAnEvent, read_json

REQ = "req"
MOST_FIELDS = 100

Fields = Mapping[str, object]


def body_of(answer: Answer, name: str) -> Fields | None:
    """The body of the callback of that name; None if the log has none.

    Raises:
        NotRead: the log could not be read, or is not understood.
    """
    said = answers.meaning(answer)
    if isinstance(said, Refused):  # a charge that the cloud does not know has no log
        return None
    if not isinstance(said, Accepted):
        raise NotRead(said.reason, said.code)
    for about, req in _rows(coded.fields(answer).get("data")):
        if name not in about:
            continue
        fields = _fields(req)
        if fields is None:
            raise NotRead(f"the callback log shows a {name} in an unknown form", said.code)
        return fields
    return None


def _rows(data: object) -> Iterator[tuple[str, object]]:
    """What each row says beside its `req`, and that."""
    listed: list[tuple[str, object]] = []
    if isinstance(data, list):
        listed = [("", row) for row in data]
    elif isinstance(data, dict):
        inner = data.get("list")
        listed = [("", row) for row in inner] if isinstance(inner, list) else list(data.items())
    elif data is not None:
        raise NotRead("the callback log has an unknown shape")
    for label, row in listed:
        if isinstance(row, dict) and REQ in row:
            beside = [str(value) for key, value in row.items() if key != REQ]
            yield " ".join([label, *beside]), row[REQ]


def _fields(req: object) -> Fields | None:
    """An object, or the JSON or the form of one."""
    if isinstance(req, str):
        try:
            req = read_json(req)
        except NotAnEvent:
            pairs = parse_qsl(str(req), keep_blank_values=True, max_num_fields=MOST_FIELDS)
            return dict(pairs) or None
    return req if isinstance(req, dict) and req else None
