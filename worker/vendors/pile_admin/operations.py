"""The document's calls as a person or a program can make them."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from worker import coded
from worker.exchange import Answer
from worker.operation import Arguments, Operation, Reply
from worker.outcomes import Accepted, Unclear
from worker.vendors.pile_admin import answers, calls
from worker.vendors.pile_admin.calls import PileStatus


class Nothing(Arguments):
    """No arguments."""


class PileId(Arguments):
    """Which pile."""

    id: int = Field(description="of the pile, as the server counts")


class SetStatus(PileId):
    """Which pile, and its new status."""

    status: PileStatus = Field(
        description="on, off, repair or offline; offline only the pile itself can take back"
    )


class Waiting(BaseModel):
    """A car in a pile's queue; the document gives no units."""

    model_config = ConfigDict(frozen=True, extra="allow")

    user_id: str
    battery_capacity: Decimal
    request_quantity: Decimal
    waiting_time: int


class Pile(BaseModel):
    """A pile's status and totals since ever; the document gives no units."""

    model_config = ConfigDict(frozen=True, extra="allow")

    charging_station_id: int
    status: str
    total_charging_times: int
    total_charging_power: Decimal
    total_charging_duration: Decimal


def _read(_: Any, answer: Answer) -> Reply:  # noqa: ANN401 any system
    return Reply(answers.meaning(answer))


def _read_login(_: Any, answer: Answer) -> Reply:  # noqa: ANN401 any system
    """The token is a secret, and no part of the reply."""
    said = answers.meaning(answer)
    if isinstance(said, Accepted) and answers.token(answer) is None:
        return Reply(Unclear("no usable token in the answer", said.code))
    return Reply(said)


def _read_list(model: type[BaseModel]) -> Callable[[Any, Answer], Reply]:
    """Reads `data`: typed if it is as the document shows it, otherwise as it came."""
    adapter = TypeAdapter(list[model])  # type: ignore[valid-type]

    def read(_: Any, answer: Answer) -> Reply:  # noqa: ANN401 any system
        said = answers.meaning(answer)
        content = coded.fields(answer).get("data") if isinstance(said, Accepted) else None
        try:
            return Reply(said, adapter.validate_python(content))
        except ValidationError:
            return Reply(said, content)

    return read


OPERATIONS: Mapping[str, Operation] = {
    "login": Operation(
        section="用户管理: 管理员登录",
        method="POST",
        path=calls.LOGIN_PATH,
        arguments=Nothing,
        request=lambda system, _: calls.login(system.settings),
        read=_read_login,
        assumed="the body is a form; login_encoding = json sends JSON",
        signed=False,
    ),
    "queue": Operation(
        section="充电桩管理: 获取特定充电桩排队队列车辆信息",
        method="GET",
        path=calls.QUEUE_PATH,
        arguments=PileId,
        request=lambda system, given: calls.queue(system.settings, given.id),
        read=_read_list(Waiting),
    ),
    "status-get": Operation(
        section="充电桩管理: 得到所有充电桩的状态",
        method="GET",
        path=calls.STATUSES_PATH,
        arguments=Nothing,
        request=lambda system, _: calls.statuses(system.settings),
        read=_read_list(Pile),
    ),
    "status-set": Operation(
        section="充电桩管理: 设置充电桩的状态",
        method="POST",
        path=calls.SET_PATH,
        arguments=SetStatus,
        request=lambda system, given: calls.set_status(system.settings, given.id, given.status),
        read=_read,
        known="the document; its table of values lacks on, its text has it",
    ),
}
