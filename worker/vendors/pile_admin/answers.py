"""What the server's answers mean: {"code", "msg"}, and `token` or `data`.

The document has two codes, 200 and -1 for every error, and one error's sentence; the words of the
others are those that such servers use.
"""

import re

from worker import coded
from worker.exchange import Answer
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear
from worker.vendor import by_status

SUCCESS, FAILURE = 200, -1
USABLE_TOKEN = re.compile(r"[^\x00-\x20\x7f]{1,4096}")


def meaning(answer: Answer) -> Outcome:
    """What an answer to any call means."""
    if said := by_status(answer):
        return said
    body = coded.fields(answer)
    code, told = coded.code(body), coded.told(body, answer)
    if answer.status >= 400:
        means = coded.by_words(WORDS, told, _account if answer.status in (401, 403) else _unknown)
        return means(told or f"HTTP {answer.status}", str(answer.status))
    if code is None:
        return Unclear(f"HTTP {answer.status} without a code: {told}", str(answer.status))
    if code == SUCCESS:
        return Accepted(told or "accepted", str(code))
    means = coded.by_words(WORDS, told, TryLater if code == FAILURE else _unknown)
    return means(told or f"code {code} without a reason", str(code))


def token_refused(answer: Answer) -> bool:
    """Whether another token may help: an error that speaks of it, or any HTTP 401."""
    body = coded.fields(answer)
    told = coded.told(body, answer)
    if answer.status == 401:
        return coded.by_words(WORDS, told, _token) is _token
    return coded.code(body) == FAILURE and coded.by_words(WORDS, told, TryLater) is _token


def token(answer: Answer) -> str | None:
    """The token that the answer to the login brings."""
    given = coded.fields(answer).get("token")
    return given if isinstance(given, str) and USABLE_TOKEN.fullmatch(given) else None


def _pile_away(told: str, code: str) -> Outcome:
    return Refused(f"only the pile itself can end this, by logging in: {told}", code)


def _token(told: str, code: str) -> Outcome:
    return TryLater(f"the server refuses even a new token: {told}", code, whole_lane=True)


def _account(told: str, code: str) -> Outcome:
    return TryLater(f"check username and password: {told}", code, whole_lane=True)


def _throttled(told: str, code: str) -> Outcome:
    return TryLater(told, code, whole_lane=True)


def _unknown(told: str, code: str) -> Outcome:
    """A code of an error is tried again; one that could be a success is not known to be either."""
    said = f"code {code} is not in the document: {told}"
    return TryLater(said, code) if int(code) < 0 or int(code) >= 400 else Unclear(said, code)


FLAGS = re.IGNORECASE | re.ASCII
WORDS: coded.Words = (
    (re.compile(r"websocket|写入失败|繁忙|稍[后候]|超时|重试|busy|time(d )?out", FLAGS), TryLater),
    (re.compile(r"token|令牌|jwt", FLAGS), _token),
    # Before the next row: that a pile is not logged in is no matter of the token.
    (
        re.compile(
            r"离线|下线|不在线|管理员将?无法|无法再次|桩端?[^，,。;；\s]{0,6}登[录陆]"
            r"|(?<!/)off-?line|cannot be controlled",
            FLAGS,
        ),
        _pile_away,
    ),
    (re.compile(r"登[录陆]|过期|失效|凭证|expired?|unauthori[sz]ed|log ?in", FLAGS), _token),
    (re.compile(r"密码|用户|[账帐][号户]|权限|password|\buser|permission", FLAGS), _account),
    (re.compile(r"频繁|频率|限流|too many|throttl", FLAGS), _throttled),
    (
        re.compile(r"不存在|应为|不能为空|参数|不合法|非法|not found|no such|invalid", FLAGS),
        Refused,
    ),
)
