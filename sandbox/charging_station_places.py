"""The platform's register of stations, equipment and cells, document 000.

Equipment needs its station and a cell its equipment to be there first. The document prints no
page; pages are answered as {"totalRecord", "totalPage", "pageList"}.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal

from sandbox.charging_station_answers import (
    MAY_NOT,
    NOT_THERE,
    WRONG,
    Complaint,
    page_window,
    refusal,
    success,
)
from sandbox.charging_station_place_forms import PLACES, PlaceKind
from sandbox.operator_door import NOT_THIS_OPERATOR, OperatorDoor
from sandbox.received import Received
from sandbox.system import Answer, Call, Operation

Body = dict[str, object]
Work = Callable[[PlaceKind, Call], Answer | Complaint]


class Places:
    """What one operator has told of its places."""

    def __init__(self, door: OperatorDoor, received: Received) -> None:
        """Let in who may pass `door`; what is taken is kept in `received`, too."""
        self._door = door
        self._received = received
        self.forget()

    def forget(self) -> None:
        """Know no place."""
        self._known: dict[str, dict[str, Body]] = {place.kind: {} for place in PLACES}

    def operations(self) -> Mapping[tuple[str, str], Operation]:
        """Submit, change, remove and list, for each kind of place."""
        works: dict[str, Work] = {
            "POST": self._submit,
            "PUT": self._change,
            "DELETE": self._remove,
            "GET": self._list,
        }
        return {
            (method, place.path): self._behind_the_door(place, work)
            for place in PLACES
            for method, work in works.items()
        }

    def _behind_the_door(self, place: PlaceKind, work: Work) -> Operation:
        def operation(call: Call) -> Answer:
            if complaint := self._door.complaint(call.headers):
                return refusal(Complaint(MAY_NOT, complaint))
            done = work(place, call)
            return refusal(done) if isinstance(done, Complaint) else done

        return operation

    def _submit(self, place: PlaceKind, call: Call) -> Answer | Complaint:
        body = self._body(call)
        if isinstance(body, Complaint):
            return body
        if complaint := place.new.complaint(body):
            return Complaint(WRONG, complaint)
        if body[place.key] in self._known[place.kind]:
            return Complaint(WRONG, f"{place.key}已存在")
        return self._stray(place, body, call) or self._taken(place, "", call, body, "提交成功!")

    def _change(self, place: PlaceKind, call: Call) -> Answer | Complaint:
        body = self._body(call)
        if isinstance(body, Complaint):
            return body
        if complaint := place.change.complaint(body):
            return Complaint(WRONG, complaint)
        before = self._known[place.kind].get(str(body[place.key]))
        if before is None:
            return Complaint(NOT_THERE, f"{place.key}不存在")
        told = {name: value for name, value in body.items() if value is not None}
        return self._stray(place, body, call) or self._taken(
            place, "-change", call, before | told, "修改成功!"
        )

    def _remove(self, place: PlaceKind, call: Call) -> Answer | Complaint:
        query = call.query
        key = query.get(place.key, "")
        if not key:
            return Complaint(WRONG, f"{place.key}不能为空")
        if query.get("operatorId") != self._door.operator_id:
            return Complaint(MAY_NOT, NOT_THIS_OPERATOR)
        if key not in self._known[place.kind]:
            return Complaint(NOT_THERE, f"{place.key}不存在")
        del self._known[place.kind][key]
        told = json.dumps(query).encode()
        self._received.accept(f"{place.kind}-removal", call.path, key, self._unique(), told)
        return success("删除成功!")

    def _list(self, place: PlaceKind, call: Call) -> Answer | Complaint:
        if call.query.get("operatorId") != self._door.operator_id:
            return Complaint(MAY_NOT, NOT_THIS_OPERATOR)
        window = page_window(call.query)
        if isinstance(window, Complaint):
            return window
        index, size = window
        rows = list(self._known[place.kind].values())
        page = rows[(index - 1) * size : index * size]
        pages = -(-len(rows) // size)
        return success({"totalRecord": len(rows), "totalPage": pages, "pageList": _plain(page)})

    def _body(self, call: Call) -> Body | Complaint:
        body, complaint = call.json()
        if complaint:
            return Complaint(WRONG, complaint)
        return body if isinstance(body, dict) else Complaint(WRONG, "应为对象")

    def _stray(self, place: PlaceKind, body: Body, call: Call) -> Complaint | None:
        """Why a place with right fields is refused all the same, or None."""
        if body["operatorId"] != self._door.operator_id:
            return Complaint(MAY_NOT, NOT_THIS_OPERATOR)
        parent = place.parent
        named = body.get(parent.key) if parent else None
        if parent and named is not None and named not in self._known[parent.kind]:
            return Complaint(WRONG, f"{parent.key}不存在")
        rejected = call.rejects(call.path, str(body[place.key]))
        return Complaint(WRONG, rejected) if rejected else None

    def _taken(self, place: PlaceKind, what: str, call: Call, body: Body, said: str) -> Answer:
        key = str(body[place.key])
        self._known[place.kind][key] = body
        self._received.accept(place.kind + what, call.path, key, self._unique(), call.body)
        return success(said)

    def _unique(self) -> str:
        """An identity that no other item has: telling a place again is no repetition."""
        return str(self._received.counters.accepted_items)


def _plain(rows: list[Body]) -> list[Body]:
    return [
        {name: float(one) if isinstance(one, Decimal) else one for name, one in row.items()}
        for row in rows
    ]
