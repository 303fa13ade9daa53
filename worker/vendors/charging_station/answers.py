"""What the platform's answers mean: {"status", "message", "data"}, and what else has been seen.

Codes and sentences are not in the document, apart from status 200; they come from a server of
this interface in the wild.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from worker.exchange import Answer
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear
from worker.vendor import by_status

SUCCESS = 200
REASON_CHARS = 300
USABLE_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


def meaning(answer: Answer) -> Outcome:
    """What an answer to any call means."""
    if said := by_status(answer):
        return said
    body = _body(answer)
    status, told = _status(body), _told(body, answer)
    if answer.status < 300:
        if status is None:
            return Unclear(
                f"HTTP {answer.status} without the platform's status", str(answer.status)
            )
        return ANSWERS.get(status, _unknown)(told, str(status))
    if status is not None and status != SUCCESS and status in ANSWERS:
        return ANSWERS[status](told, str(status))
    if not body and answer.status in (400, 422):
        return _unknown(told, str(answer.status))
    return ANSWERS.get(answer.status, _unknown)(told, str(answer.status))


def token_refused(answer: Answer) -> bool:
    """Whether another token may help: a status -1 or 403 that speaks of it, or any 401."""
    body = _body(answer)
    status, told = _status(body), _told(body, answer)
    codes = {answer.status, status}
    if not codes & {-1, 401, 403}:
        return False
    return bool(STALE.search(told)) or (401 in codes and not SIGNATURE.search(told))


def content(answer: Answer) -> object:
    """What the answer brings: its `data`; None without."""
    return _body(answer).get("data")


def token(answer: Answer) -> str | None:
    """The token that the answer to operatorAPIToken brings, if it can stand in a header."""
    given = content(answer)
    return given if isinstance(given, str) and USABLE_TOKEN.fullmatch(given) else None


def _body(answer: Answer) -> Mapping[str, object]:
    body = None if answer.cut else answer.json()
    return body if isinstance(body, dict) else {}


def _status(body: Mapping[str, object]) -> int | None:
    return whole(body.get("status"))


def _told(body: Mapping[str, object], answer: Answer) -> str:
    for name in ("message", "error", "data"):
        if value := body.get(name):
            told = value if isinstance(value, str) else answer.text()
            return told.strip()[:REASON_CHARS]
    return ""


def whole(value: object) -> int | None:
    """A whole number, or digits; None for all else."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) < 10**9 else None


def _accepted(told: str, code: str) -> Outcome:
    return Accepted(told or "accepted", code)


def _credentials(told: str, code: str) -> Outcome:
    return TryLater(
        "the platform refuses our credentials: check operator_id, secret, signature_encoding and "
        f"this machine's clock ({told or code})",
        code,
        whole_lane=True,
    )


def _token(told: str, code: str) -> Outcome:
    return TryLater(f"the platform refuses even a new token: {told}", code, whole_lane=True)


def _throttled(told: str, code: str) -> Outcome:
    return TryLater(told or f"status {code}", code, whole_lane=True)


def _later(told: str, code: str) -> Outcome:
    return TryLater(told or f"status {code} without a reason", code)


def _unknown(told: str, code: str) -> Outcome:
    """A code of an error is tried again; one that could be a success is not known to be either."""
    said = f"status {code} is not in the table: {told}"
    return TryLater(said, code) if int(code) < 0 or int(code) >= 400 else Unclear(said, code)


def _by_words(otherwise: Callable[[str, str], Outcome]) -> Callable[[str, str], Outcome]:
    def outcome(told: str, code: str) -> Outcome:
        for words, meant in WORDS:
            if words.search(told):
                return meant(told, code)
        return otherwise(told or f"status {code} without a reason", code)

    return outcome


FLAGS = re.IGNORECASE | re.ASCII
STALE = re.compile(r"token|令牌|凭证|过期|失效|登录|expire", FLAGS)
SIGNATURE = re.compile(r"签名|密钥|secret|signature", FLAGS)
WORDS: Sequence[tuple[re.Pattern[str], Callable[[str, str], Outcome]]] = (
    (
        re.compile(rf"{SIGNATURE.pattern}|运营商|授权|权限|时钟|时间戳|\bdatetime", FLAGS),
        _credentials,
    ),
    (re.compile(r"token|令牌", FLAGS), _token),
    (re.compile(r"第\s*\d+\s*[个条]", FLAGS), Refused),
    (re.compile(r"频繁|频率|限流|too many|throttl", FLAGS), _throttled),
    (
        re.compile(
            r"繁忙|稍[后候]|超时|重试|维护|系统(异常|错误|内部)|服务器|busy|time(d )?out|server",
            FLAGS,
        ),
        TryLater,
    ),
    (
        re.compile(
            r"不能为空|不可为空|格式|有误|不合法|不正确|必填|必须|不存在|已存在|重复|超出|超过"
            r"|应为|required|invalid|must",
            FLAGS,
        ),
        Refused,
    ),
)
ANSWERS: Mapping[int, Callable[[str, str], Outcome]] = {
    SUCCESS: _accepted,
    -1: _by_words(_later),
    400: _by_words(Refused),
    401: _credentials,
    403: _credentials,
    404: _by_words(_later),
    422: _by_words(Refused),
    429: _throttled,
}
