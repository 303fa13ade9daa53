"""Random tokens with a lifetime, as the systems with a login issue them."""

import secrets
import time


class Tokens:
    """Tokens issued so far; each is valid until its own lifetime ends or all are expired."""

    def __init__(self, lifetime_s: float) -> None:
        """Issue tokens that live so long."""
        self._lifetime_s = lifetime_s
        self._expires_at: dict[str, float] = {}

    def issue(self) -> str:
        """A new random token; earlier ones stay valid."""
        now = time.monotonic()
        self._expires_at = {token: at for token, at in self._expires_at.items() if at > now}
        token = secrets.token_hex(16)
        self._expires_at[token] = now + self._lifetime_s
        return token

    def valid(self, token: str) -> bool:
        """Whether this token was issued and still lives."""
        return self._expires_at.get(token, 0.0) > time.monotonic()

    def newest(self) -> str | None:
        """The token that was issued last, or None when there is none."""
        return next(reversed(self._expires_at), None)

    def expire_all(self) -> None:
        """Make every token invalid."""
        self._expires_at.clear()
