"""How the pile cloud of document 001 calls the application back, by form or by multipart.

The pages print no sign for callbacks; `callbacks_signed` adds app_id, timestamp and the sign over
all fields that are not empty, by the scheme of the calls the other way.

Controls:

- `callback-url {"url": "https://…?token=…"}`: callbacks go there, their names at the end of its
  path; an empty one ends them. Answer: the URL.
- `withheld {"callbacks": ["finish_order"]}`: from now on just these are lost on their way, and
  only the callback log knows them. Answer: the list.
- `call {"callback": "icc_pay_req", "fields": {…}}`: one call now, withheld or not, tried once.
  Answer: `{"status": HTTP status or null, "body": …}`.
"""

import time
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import aiohttp

from sandbox.outgoing import Callback, Outgoing, Reply, Request
from sandbox.system import Control, ControlError
from sandbox.wanzhuang_door import CloudDoor

OFFLINE_PROFIT = "offline_profit"
CALLBACKS = ("start_power", "finish_order", "icc_pay_req", OFFLINE_PROFIT)
Fields = Mapping[str, object]


class CloudCallbacks:
    """Calls one application."""

    def __init__(self, door: CloudDoor, outgoing: Outgoing, url: str, *, signed: bool) -> None:
        """Call at `url` until another is told; an empty one means nowhere.

        Raises:
            ValueError: the URL is neither empty nor one of HTTP.
        """
        if not _is_callable(url):
            raise ValueError("callback_url must be empty or begin with http:// or https://")
        self._door = door
        self._outgoing = outgoing
        self._first_url = url
        self._signed = signed
        self.forget()

    def forget(self) -> None:
        """Be as at the start."""
        self._url = self._first_url
        self._withheld: list[str] = []

    def controls(self) -> Mapping[str, Control]:
        """Say where callbacks go and which get lost; make one now."""
        return {"callback-url": self._go_to, "withheld": self._withhold, "call": self._call}

    def tell(self, name: str, fields: Fields) -> None:
        """Call back, unless it is withheld or there is no URL."""
        if self._url and name not in self._withheld:
            self._outgoing.tell(self._callback(name, fields))

    def _callback(self, name: str, fields: Fields) -> Callback:
        url = _with_path_end(self._url, name)
        told = {field: str(value) for field, value in fields.items()}

        def request() -> Request:
            proof = self._door.proof(told, int(time.time())) if self._signed else {}
            form = proof | told
            if name == OFFLINE_PROFIT:
                return Request("POST", url, body=_multipart(form))
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return Request("POST", url, kind, body=urlencode(form).encode())

        return Callback(name, request, _taken)

    def _go_to(self, content: Fields) -> object:
        url = content.get("url")
        if not isinstance(url, str) or not _is_callable(url):
            raise ControlError("url must be empty or begin with http:// or https://")
        self._url = url
        return {"url": url}

    def _withhold(self, content: Fields) -> object:
        names = content.get("callbacks")
        if not isinstance(names, list) or any(name not in CALLBACKS for name in names):
            raise ControlError(f"callbacks must be a list of {', '.join(CALLBACKS)}")
        self._withheld = names
        return {"callbacks": names}

    async def _call(self, content: Fields) -> object:
        name, fields = content.get("callback"), content.get("fields")
        if name not in CALLBACKS:
            raise ControlError(f"callback must be one of {', '.join(CALLBACKS)}")
        if not isinstance(fields, dict) or not all(map(_is_plain, fields.values())):
            raise ControlError("fields must be an object of text and numbers")
        if not self._url:
            raise ControlError("there is no callback URL; see the control callback-url")
        reply = await self._outgoing.call(self._callback(str(name), fields))
        return reply.shown()


def _taken(reply: Reply) -> bool:
    return reply.says("code", 1)


def _is_callable(url: str) -> bool:
    return not url or url.startswith(("http://", "https://"))


def _is_plain(value: object) -> bool:
    return type(value) in {str, int, float}


def _with_path_end(url: str, name: str) -> str:
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{name}").geturl()


def _multipart(form: Mapping[str, str]) -> aiohttp.FormData:
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in form.items():
        data.add_field(name, value)
    return data
