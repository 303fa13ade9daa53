"""Whether a callback is the maker's (接入指引 for its sign; the callbacks' own pages show none).

A form with a sign is judged by it alone. One without is taken for the token in the URL that the
maker was given. The scheme none can check no sign: then only the token counts.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import TypeAlias

from pydantic import TypeAdapter, ValidationError

from worker.callback import Called, Refusal
from worker.vendor import System
from worker.vendors.wanzhuang.auth import as_pairs, sign
from worker.vendors.wanzhuang.settings import WanzhuangSettings
from worker.vendors.wanzhuang.units import Whole

CLOCK_S = 300
PROOF = frozenset({"app_id", "timestamp", "sign"})
SECONDS: TypeAdapter[int] = TypeAdapter(Whole)

Cloud: TypeAlias = System[WanzhuangSettings]
Form = Mapping[str, str]


def by_sign(system: Cloud, called: Called) -> str | None:
    """Tells signed calls apart by everything in them; an unsigned one by nothing.

    Raises:
        Refusal: it is not the maker's, or its timestamp is too far from our clock.
    """
    form = _form(called)
    return _fingerprint(form) if _prove(system, called, form) else None


def by_content(system: Cloud, called: Called) -> str | None:
    """Tells calls apart by what they say, however and whenever it is signed.

    Raises:
        Refusal: as for `by_sign`.
    """
    form = _form(called)
    _prove(system, called, form)
    return _fingerprint({name: form[name] for name in form.keys() - PROOF})


def _form(called: Called) -> Form:
    try:
        return dict(as_pairs(called.fields))
    except TypeError:
        raise Refusal(400, "expected a form of text fields") from None


def _prove(system: Cloud, called: Called, form: Form) -> bool:
    """Whether it is signed; else it had the token."""
    own = system.settings
    if form.get("sign") and own.sign_scheme != "none":
        _check_sign(own, called, form)
        return True
    token = own.callback_token.get_secret_value()
    if token and _same(token, called.query.get("token", "")):
        return False
    raise Refusal(401, "neither a sign that can be checked nor the token of the URL we gave out")


def _check_sign(own: WanzhuangSettings, called: Called, form: Form) -> None:
    expected = sign(form.items(), own.app_secret.get_secret_value(), own.sign_scheme)
    if not _same(expected.lower(), form["sign"].lower()):
        raise Refusal(401, "the sign is not that of these fields")
    if form.get("app_id") != own.app_id:
        raise Refusal(401, "app_id is missing or another's")
    try:
        seconds = SECONDS.validate_python(form.get("timestamp"))
    except ValidationError:
        raise Refusal(401, "timestamp: expected seconds") from None
    if abs(called.received_at.timestamp() - seconds) > called.clock_s:
        raise Refusal(401, f"timestamp is more than {called.clock_s:g} s from our clock")


def _same(ours: str, given: str) -> bool:
    return hmac.compare_digest(ours.encode(), given.encode(errors="surrogatepass"))


def _fingerprint(form: Form) -> str:
    return hashlib.sha256(json.dumps(sorted(form.items())).encode()).hexdigest()
