"""What the cloud's answers mean: {"code", "message", "data", "timestamp"}.

1 is success and any other code a failure (获取回调日志). No page lists them: the sentence decides.
"""

import re

from worker import coded
from worker.exchange import Answer
from worker.outcomes import Accepted, Outcome, Refused, TryLater, Unclear
from worker.vendor import by_status

SUCCESS = 1


def meaning(answer: Answer) -> Outcome:
    """What an answer to any call means."""
    if said := by_status(answer):
        return said
    body = coded.fields(answer)
    code, told = coded.code(body), coded.told(body, answer)
    if answer.status >= 400:
        means = coded.by_words(
            WORDS, told, _credentials if answer.status in (401, 403) else _unknown
        )
        return means(told or f"HTTP {answer.status}", str(answer.status))
    if code is None:
        return Unclear(f"HTTP {answer.status} without a code: {told}", str(answer.status))
    if code == SUCCESS:
        return Accepted(told or "accepted", str(code))
    return coded.by_words(WORDS, told, _unknown)(told or f"code {code} without a reason", str(code))


def _credentials(told: str, code: str) -> Outcome:
    said = f"check app_id, app_secret, sign_scheme and this machine's clock: {told}"
    return TryLater(said, code, whole_lane=True)


def _throttled(told: str, code: str) -> Outcome:
    return TryLater(told, code, whole_lane=True)


def _unknown(told: str, code: str) -> Outcome:
    return TryLater(f"code {code}, which no page explains: {told}", code)


FLAGS = re.IGNORECASE | re.ASCII
WORDS: coded.Words = (
    (
        re.compile(
            r"签名|验签|密钥|应用|授权|权限|时间戳|app_?id|timestamp|\bsign(ature)?\b|authori[sz]",
            FLAGS,
        ),
        _credentials,
    ),
    (re.compile(r"频繁|频率|限流|too many|throttl", FLAGS), _throttled),
    # The command may have reached the device all the same.
    (re.compile(r"超时|time(d )?out", FLAGS), Unclear),
    (
        re.compile(r"离线|不在线|繁忙|稍[后候]|重试|维护|系统|服务器|off-?line|busy", FLAGS),
        TryLater,
    ),
    (
        re.compile(
            r"不存在|没有|不能|应为|应从|必填|必须|参数|格式|有误|错误|不支持|已被?占用"
            r"|not found|invalid|required|must",
            FLAGS,
        ),
        Refused,
    ),
)
