"""Who may look and act: a name and a password, and a signed cookie for half a day."""

import hashlib
import hmac
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping

from sqladmin.authentication import AuthenticationBackend
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

COOKIE = "relay_console"
LASTS_S = 12 * 3600
MOST_WRONG = 5
WITHIN_S = 60.0
MOST_ADDRESSES = 10_000
WHO, NEXT = "user_id", "next"


class Login(AuthenticationBackend):
    """Names and passwords of the settings.

    Who gives five wrong ones within a minute, from one address, waits for the rest of it.
    """

    def __init__(
        self,
        logins: Mapping[str, str],
        *,
        path: str,
        secure: bool,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make the cookie's key of the logins: it is the same in every process, until one changes.

        Args:
            logins: passwords by name.
            path: where the console is; the cookie goes nowhere else.
            secure: the cookie travels over TLS only.
            ticks: seconds that only grow.
        """
        super().__init__(
            _key(logins),
            session_cookie=COOKIE,
            max_age=LASTS_S,
            path=path,
            same_site="lax",
            https_only=secure,
        )
        self._logins = logins
        self._ticks = ticks
        self._wrong: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_WRONG))

    async def login(self, request: Request) -> Response | bool:
        """Let a person in who knows a password, to the page that was asked for."""
        address = request.client.host if request.client else ""
        if self._must_wait(address):
            raise HTTPException(429, "Too many wrong passwords: try again in a minute.")
        form = await request.form()
        name = str(form.get("username", ""))
        password = self._logins.get(name, "")
        given = str(form.get("password", ""))
        if not password or not hmac.compare_digest(password.encode(), given.encode()):
            if len(self._wrong) > MOST_ADDRESSES:
                self._wrong.clear()
            self._wrong[address].append(self._ticks())
            return False
        self._wrong.pop(address, None)
        wanted = request.session.get(NEXT)
        request.session.clear()
        request.session[WHO] = name
        return RedirectResponse(wanted, 303) if wanted else True

    async def logout(self, request: Request) -> bool:
        """Forget who it was."""
        request.session.clear()
        return True

    async def authenticate(self, request: Request) -> bool:
        """Whether somebody has logged in whose name is still one; else remember the page."""
        if request.session.get(WHO) in self._logins:
            return True
        if not request.url.path.endswith(".json"):  # its script asks for those, and no person
            request.session.clear()
            if request.method == "GET":
                request.session[NEXT] = _here(request)
        return False

    def _must_wait(self, address: str) -> bool:
        wrong = self._wrong.get(address, deque())
        return len(wrong) == MOST_WRONG and self._ticks() - wrong[0] < WITHIN_S


def who(request: Request) -> str:
    """The person, as the audit names it."""
    return f"{request.session[WHO]}@console"


def _here(request: Request) -> str:
    """The page's path, without a host that somebody else may have chosen."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _key(logins: Mapping[str, str]) -> str:
    """Slow to make: with a cookie in hand passwords could be guessed as fast as this goes."""
    text = repr(sorted(logins.items())).encode()
    return hashlib.scrypt(text, salt=b"chargerelay console", n=2**14, r=8, p=1).hex()
