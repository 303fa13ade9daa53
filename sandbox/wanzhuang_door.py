"""Who may call the pile cloud, document 001: app_id, a timestamp of ten digits, and the sign.

They come with the other parameters: in the query of a GET, in the JSON body of a POST. The seed
marks them optional for a GET; a vendor that signs needs them everywhere.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.system import Call
from sandbox.wanzhuang_sign import SCHEMES, pairs_of, signature

_TIMESTAMP = re.compile(r"[0-9]{10}")


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a call that was let in; `lists` holds those whose name ends in `[]`."""

    values: Mapping[str, object]
    lists: Mapping[str, list[str]]


class CloudDoor:
    """Lets in the calls of one application."""

    def __init__(self, app_id: str, secret: str, scheme: str) -> None:
        """Check calls of `app_id`, signed with `secret` by `scheme`.

        Raises:
            ValueError: the scheme is unknown.
        """
        if scheme not in SCHEMES:
            raise ValueError(f"sign_scheme must be one of {', '.join(SCHEMES)}")
        self._app_id = app_id
        self._secret = secret
        self._scheme = scheme

    def admit(self, call: Call) -> Asked | str:
        """The parameters of the call, or why it is refused."""
        if call.method == "GET":
            pairs = call.query_pairs
            lists: dict[str, list[str]] = {}
            for name, value in pairs:
                if name.endswith("[]"):
                    lists.setdefault(name, []).append(value)
            return self._complaint(pairs) or Asked(dict(pairs), lists)
        body, complaint = call.json()
        if complaint:
            return complaint
        if not isinstance(body, dict):
            return "请求体应为对象"
        if "timestamp" in body and type(body["timestamp"]) is not int:
            return "timestamp应为整数"
        return self._complaint(pairs_of(body)) or Asked(body, {})

    def proof(self, fields: dict[str, str], timestamp_s: int) -> dict[str, str]:
        """What a signed form of the cloud's own has beside these fields."""
        told = {"app_id": self._app_id, "timestamp": str(timestamp_s)}
        sign = signature(self._scheme, [*(told | fields).items()], self._secret)
        return told | ({"sign": sign} if sign else {})

    def _complaint(self, pairs: list[tuple[str, str]]) -> str | None:
        told = dict(pairs)
        if self._scheme != "none":
            for name in ("app_id", "timestamp", "sign"):
                if not told.get(name):
                    return f"{name}不能为空"
        if told.get("app_id", self._app_id) not in {"", self._app_id}:
            return "应用不存在"
        if told.get("timestamp") and not _TIMESTAMP.fullmatch(told["timestamp"]):
            return "timestamp应为10位时间戳"
        if self._scheme == "none":
            return None
        expected = signature(self._scheme, pairs, self._secret)
        given = told["sign"].encode(errors="surrogatepass")
        return None if hmac.compare_digest(expected.encode(), given) else "签名错误"
