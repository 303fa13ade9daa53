"""What every answer of the console says to browsers, and what no other page may make them send."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 65_536
HARMLESS = ("GET", "HEAD", "OPTIONS")
ALWAYS = {
    # Nothing from elsewhere, and no script within a page; the frame's library sets styles.
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Guard:
    """Refuses what a form on another site sent, and large bodies; adds the headers."""

    def __init__(self, app: ASGIApp, *, known_as: str) -> None:
        """Guard an application.

        Args:
            app: the application.
            known_as: the server's address as others know it; a proxy may not pass it on.
        """
        self._app = app
        self._known_as = _place(known_as)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def speak(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(ALWAYS)
                if not _is_static(scope):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        refusal = _refusal(scope, self._known_as)
        app = self._app if refusal is None else refusal
        await app(scope, receive, speak)


def _is_static(scope: Scope) -> bool:
    return any(f"/{folder}/" in scope["path"] for folder in ("static", "statics"))


def _refusal(scope: Scope, known_as: str) -> PlainTextResponse | None:
    if scope["method"] in HARMLESS:
        return None
    headers = Headers(scope=scope)
    origin = _place(headers.get("origin", ""))
    if not origin or origin not in (headers.get("host", "").lower(), known_as):
        return PlainTextResponse("Sent by another site, or by no page at all.", 403)
    if headers.get("content-type", "").startswith("multipart/"):
        return PlainTextResponse("No page here has such a form.", 415)
    length = headers.get("content-length", "")
    if not length.isdigit() or int(length) > MOST_BYTES:
        return PlainTextResponse("Too large, or of no said length.", 413)
    return None


def _place(address: str) -> str:
    """Host and port as browsers write them: in small letters, a port only where it must be said.

    Empty when it is no address of the web.
    """
    try:
        found = urlsplit(address.lower())
        port = found.port
    except ValueError:
        return ""
    implied = {"http": 80, "https": 443}.get(found.scheme)
    return found.netloc.removesuffix(f":{port}") if port == implied else found.netloc
