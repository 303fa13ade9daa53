"""A pile maker's open platform: wz-open 万桩, document 001 (2025-04-17). It is told nothing.

It calls us back (回调), and its devices are asked for their states every `poll_s` seconds.

Signature: over the sorted `name=value` pairs that are not empty, app_id and timestamp (seconds)
among them, in the query of a GET and in the JSON body of a POST. The document leaves the rule open.
Its public original (接入指引) has the text and the merchant's key go through SHA-256 and shown as
hex: `hmac_sha256_sorted`. `md5_sorted_key` is the other rule of such platforms.

Money is in fen, time in seconds and power in watts, as numbers or as strings, mixed in one object.

Field notes:
- `code` 1 is success, any other a failure; no page lists them.
- The list call is marked unfinished and shows no sign; hence one call per device, unless
  `devices_per_call` is raised.
- `timestamp` of an answer is the time of its states, unless it is far from our clock.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

import requests
from pydantic import TypeAdapter, ValidationError
from requests.auth import AuthBase

from worker import coded
from worker.callback import Callback
from worker.events import ConnectorState, Event, Kind
from worker.exchange import Answer, Http, NoAnswer
from worker.operation import Operation
from worker.outcomes import Accepted, Outcome, TryLater
from worker.vendor import CannotSign, Send, System, Takes
from worker.vendors.wanzhuang import answers, ports
from worker.vendors.wanzhuang import log as callback_log
from worker.vendors.wanzhuang.auth import AppAuth
from worker.vendors.wanzhuang.callbacks import CALLBACKS
from worker.vendors.wanzhuang.operations import LOG_PATH, OPERATIONS, STATE_PATH, STATES_PATH
from worker.vendors.wanzhuang.settings import WanzhuangSettings
from worker.vendors.wanzhuang.statuses import Happening, status_event
from worker.vendors.wanzhuang.units import Whole

log = logging.getLogger(__name__)

CLOCKS_APART_S = 300
SILENT_IN_A_ROW = 3
SECONDS: TypeAdapter[int] = TypeAdapter(Whole)


class Wanzhuang(System[WanzhuangSettings]):
    """设备基础信息相关, 设备状态, 充电 and 回调."""

    name = "wanzhuang"
    document = "001"
    settings_type = WanzhuangSettings
    takes: ClassVar[Mapping[Kind, Takes]] = {}
    operations: ClassVar[Mapping[str, Operation]] = OPERATIONS
    callbacks: ClassVar[Mapping[str, Callback]] = CALLBACKS
    ends: ClassVar[Mapping[str, str]] = {"start-power": "finish-order"}

    def request(self, events: Sequence[Event]) -> requests.Request:
        """Never asked for: it takes no kind."""
        raise NotImplementedError

    def read(self, answer: Answer, kind: Kind) -> Outcome:
        """`code` and `message`; see answers.WORDS."""
        return answers.meaning(answer)

    def auth(self, http: Http) -> AuthBase:
        """Signs with the application's secret (接入指引)."""
        return AppAuth(self.settings, self.clock)

    def answer(self, http_status: int, message: str, data: object = None) -> Mapping[str, object]:
        """The shape of the document's own answers: code 1 for what was taken."""
        return {
            "code": answers.SUCCESS if http_status == 200 else http_status,
            "message": message,
            "data": data,
            "timestamp": int(self.clock().timestamp()),
        }

    def poll(self, send: Send) -> Sequence[Happening]:
        """获取设备状态 of every configured device, as connector-status events.

        A device without an answer is left out; several in a row mean that the platform is away.

        Raises:
            CannotSign: a refusal that concerns every device.
            NoAnswer: the platform is away, and nothing came before.
        """
        told: list[Happening] = []
        silent = 0
        for device_nums in self._asked_together():
            try:
                answer = send(self._states_of(device_nums))
            except NoAnswer as error:
                silent += 1
                log.warning("%s: %s: %s", self.vendor, ", ".join(device_nums), error)
                if silent == SILENT_IN_A_ROW and not told:
                    raise
                if silent == SILENT_IN_A_ROW:
                    break
            else:
                silent = 0
                told += self._told(device_nums, answer)
        return told

    def logged(self, name: str, subject: str, send: Send) -> Mapping[str, object] | None:
        """The `req` of 获取回调日志, which has the latest call of each name."""
        asked = {"charge_id": subject}
        answer = send(requests.Request("GET", self.settings.url + LOG_PATH, params=asked))
        return callback_log.body_of(answer, self.callbacks[name].also[0])

    def _asked_together(self) -> Iterator[tuple[str, ...]]:
        own = self.settings
        for first in range(0, len(own.devices), own.devices_per_call):
            yield own.devices[first : first + own.devices_per_call]

    def _states_of(self, device_nums: tuple[str, ...]) -> requests.Request:
        url = self.settings.url
        if self.settings.devices_per_call == 1:
            return requests.Request("GET", url + STATE_PATH, params={"device_num": device_nums[0]})
        return requests.Request("GET", url + STATES_PATH, params={"device_nums[]": device_nums})

    def _told(self, device_nums: tuple[str, ...], answer: Answer) -> Iterator[Happening]:
        """The events that an answer brings."""
        said, body = answers.meaning(answer), coded.fields(answer)
        if isinstance(said, TryLater) and said.whole_lane:
            raise CannotSign(said)
        shown = ports.read(body.get("data"), device_nums[0]) if isinstance(said, Accepted) else []
        if not shown:
            why = "no ports in the answer" if isinstance(said, Accepted) else said.reason
            log.warning("%s: %s: %s", self.vendor, ", ".join(device_nums), why)
        moment = self._moment(body.get("timestamp"))
        for port in shown:
            status = port.status()
            if status is None:
                log.warning("%s: state %d is in no table", self.vendor, port.state)
                continue
            yield self._event(port, status, moment)

    def _event(self, port: ports.Port, status: ConnectorState, moment: datetime) -> Happening:
        return status_event(
            self.settings,
            port.device_num,
            port.port,
            status,
            moment,
            orderNo=port.charge_id if status is ConnectorState.CHARGING else None,
            portState=port.state,
        )

    def _moment(self, timestamp: object) -> datetime:
        """The answer's time if it is near ours, else ours: a status of the future silences it."""
        now = self.clock()
        try:
            seconds = SECONDS.validate_python(timestamp)
        except ValidationError:
            return now
        if abs(seconds - now.timestamp()) > CLOCKS_APART_S:
            return now
        return datetime.fromtimestamp(seconds, UTC)


SYSTEM = Wanzhuang
