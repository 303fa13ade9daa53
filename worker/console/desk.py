"""What every page of the console stands on, found at the request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request

from worker.acts import Acts
from worker.console.login import who
from worker.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Desk:
    """The deployment, and what stands still in it.

    Attributes:
        still: a sentence for whatever stands still.
    """

    parts: Deployment
    still: Callable[[], list[str]]


def desk(request: Request) -> Desk:
    """The desk of the console that got the request."""
    return cast(Desk, request.app.state.desk)


def acts(request: Request) -> Acts:
    """The acts of the person who asks."""
    parts = desk(request).parts
    return Acts(parts.engine, parts.settings, who(request))
