"""What the gateway's answers mean: {"resultCode", "message", "dataSet"}, by the resultCode.

Every answer of the gateway has HTTP 200 (INFO4网关状态码-SGM); another status comes from what
stands before it. Of a call that changes nothing no answer is unclear: it is made again.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from worker.exchange import Answer
from worker.operation import Reply
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear
from worker.vendor import by_status, retry_after_s

SUCCESS, STALE_KEY = "0000", "0003"
REASON_CHARS = 300
CODE = re.compile(r"[0-9A-Za-z_-]{1,16}")
USABLE_KEY = re.compile(r"[\x21-\x7e]{32,512}")
Means = Callable[[str, str], Outcome]


def meaning(answer: Answer, *, changes: bool) -> Outcome:
    """What an answer to any call means; `changes`: whether the call changes something."""
    outcome = by_status(answer) or _by_code(answer)
    if isinstance(outcome, Unclear) and not changes:
        return TryLater(outcome.reason, outcome.code)
    if isinstance(outcome, TryLater) and outcome.after_s is None:
        return replace(outcome, after_s=retry_after_s(answer))
    return outcome


def reply(answer: Answer, *, changes: bool) -> Reply:
    """The meaning with the dataSet that it brings."""
    outcome = meaning(answer, changes=changes)
    return Reply(outcome, data_set(answer) if isinstance(outcome, Accepted) else None)


def data_set(answer: Answer) -> object:
    """The dataSet, of whatever type; None without one."""
    return _body(answer).get("dataSet")


def key_refused(answer: Answer) -> bool:
    """Whether the newest AppKey may help (0003 客户端认证码校验未通过)."""
    return _code(_body(answer)) == STALE_KEY


def app_key(answer: Answer) -> str | None:
    """The AppKey that an answer to generateAppKey brings, if a code can be made with it.

    The document's sample refuses one of less than 32 characters.
    """
    content = data_set(answer)
    key = content.get("appKey") if isinstance(content, dict) else None
    return key if isinstance(key, str) and USABLE_KEY.fullmatch(key) else None


def reservation_status(answer: Answer, pre_num: str) -> int | None:
    """The status of that reservation in an answer to 查询公桩预约; None if it is not in it.

    The document's table has a list in the dataSet, its example an object.
    """
    content = data_set(answer)
    pages = content if isinstance(content, list) else [content]
    for page in pages:
        listed = page.get("chargingAppointments") if isinstance(page, dict) else None
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict) and str(one.get("preNum")) == pre_num:
                status = str(one.get("status"))
                return int(status) if status in ("1", "2", "3") else None
    return None


def _body(answer: Answer) -> Mapping[str, object]:
    body = None if answer.cut else answer.json()
    return body if isinstance(body, dict) else {}


def _code(body: Mapping[str, object]) -> str | None:
    """The resultCode; None without one, or with one that is no code."""
    value = body.get("resultCode")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    code = str(value).strip()
    return code if CODE.fullmatch(code) else None


def _told(body: Mapping[str, object]) -> str:
    message = body.get("message")
    return message.strip()[:REASON_CHARS] if isinstance(message, str) else ""


def _by_code(answer: Answer) -> Outcome:
    body = _body(answer)
    code, told = _code(body), _told(body)
    well = 200 <= answer.status < 300
    if not well and (code == SUCCESS or code not in ANSWERS):
        return _not_the_gateway(answer)
    if code is None:
        why = "the answer is longer than we read" if answer.cut else "no resultCode in the answer"
        return Unclear(f"HTTP {answer.status}: {why}", str(answer.status))
    return ANSWERS.get(code, _unknown)(told, code)


def _not_the_gateway(answer: Answer) -> Outcome:
    """A 4xx: from what stands before the gateway."""
    told = f"HTTP {answer.status} from before the gateway"
    code = str(answer.status)
    if answer.status in (401, 403, 407, 495, 496) or "certificate" in answer.text().lower():
        return TryLater(f"{told}: check client_cert and client_key", code, whole_lane=True)
    if answer.status in (404, 405):
        return TryLater(f"{told}: check base_url and the path settings", code, whole_lane=True)
    return TryLater(told, code)


def _with(sentence: str, told: str) -> str:
    return f"{sentence} ({told})" if told else sentence


def _accepted(told: str, code: str) -> Outcome:
    return Accepted(told or "accepted", code)


def _lane(sentence: str) -> Means:
    """What stands in the way of every report, until it is mended."""
    return lambda told, code: TryLater(_with(sentence, told), code, whole_lane=True)


def _later(sentence: str) -> Means:
    return lambda told, code: TryLater(_with(sentence, told), code)


def _unclear(sentence: str) -> Means:
    return lambda told, code: Unclear(_with(sentence, told), code)


def _failed(told: str, code: str) -> Outcome:
    """4011: a service behind the gateway says no, and why in its own words."""
    if PASSING.search(told):
        return TryLater(f"a service behind the gateway is busy ({told})", code)
    return Refused(_with("a service behind the gateway refuses it", told), code)


def _unknown(told: str, code: str) -> Outcome:
    return Unclear(_with(f"resultCode {code} is not in the document", told), code)


PASSING = re.compile(
    r"繁忙|稍[后候]|频繁|维护|重试|busy|try again|too many|unavailable|maintenance", re.IGNORECASE
)
HEADERS = (
    "a header is missing: check idp_user_header, timestamp_header, idp_user_id and access_token"
)
ANSWERS: Mapping[str, Means] = {
    SUCCESS: _accepted,
    "0001": _lane("the gateway does not know our app: check app_id"),
    "0002": _lane("the gateway refuses our time: set this machine's clock, to the minute at least"),
    STALE_KEY: _lane(
        "the gateway refuses our AuthCode, even with the newest AppKey: check this machine's clock "
        "and app_id"
    ),
    "0004": _lane("our app may not make this call: ask SGM to authorise app_id for it"),
    "0006": _unclear("the gateway gave up waiting for the service behind it"),
    "0010": _lane("the gateway has no such route: check base_url and the path settings"),
    "0011": _lane("the app does not exist at the gateway: check app_id"),
    "1007": _lane("the gateway refuses the user: sign in anew and replace access_token"),
    "6002": _lane("a mandatory parameter is missing; of ours, " + HEADERS),
    "998": _lane("the gateway throttles us"),
    "999": _later("the gateway has a system error"),
    "9999": _later("the service has a system error"),
    "4001": _later("the service cannot parse the request: see whether status_as_text helps"),
    "4002": _lane("the service wants another HTTP method: check base_url and the path settings"),
    "4003": _lane("the service has no such path: check base_url and the path settings"),
    "4004": _lane(HEADERS),
    "4005": _lane("the service does not take our content type: does something rewrite headers?"),
    "4007": _later("a service behind the gateway is out of order"),
    "4008": _unclear("a third party's service gave up waiting"),
    "4009": _unclear("a service behind the gateway gave an answer that nobody could read"),
    "4011": _failed,
    "4012": _lane(HEADERS),
}
