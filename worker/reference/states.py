"""docs/reference/states.md: what an answer can mean, and the states that follow."""

import inspect
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import TypeVar

from config.settings import Settings
from worker.journal import callbacks, failures, reconciliation, replay
from worker.journal.states import FOLLOWS, State, after_sending, after_unclear, replayable
from worker.markdown import table
from worker.outcomes import Accepted, OnUnclear, Outcome, Refused, TryLater, Unclear, word
from worker.policies import Policy, policies
from worker.vendors import systems

BEGINNING = """\
# Outcomes and states

Written by `make docs` from the code; do not edit. `chargerelay attempts` shows outcomes,
`chargerelay reports` states.

"""
Word = TypeVar("Word", bound=StrEnum)
OUTCOMES: tuple[Outcome, ...] = (Accepted(), Refused(""), TryLater(""), Unclear(""))
LEGENDS: tuple[tuple[str, type[StrEnum]], ...] = (
    ("What becomes of a replay", replay.Fate),
    ("What became of a failed report", failures.State),
    ("What became of a callback", callbacks.Fate),
    ("What a difference is", reconciliation.What),
)


def page() -> str:
    """The whole page, in Markdown."""
    return BEGINNING + "".join([_outcomes(), _unclear(), _states(), _policies(), *_others()])


def _outcomes() -> str:
    rows = ((f"`{word(o)}`", _first(type(o)), _next(o)) for o in OUTCOMES)
    return (
        "## What an answer can mean\n\n"
        "Each system reads its vendor's answers as one of four words.\n\n"
        + table(("outcome", "meaning", "the report is then"), rows)
    )


def _next(outcome: Outcome) -> str:
    return ", ".join(dict.fromkeys(f"`{after_sending(outcome, rule)}`" for rule in OnUnclear))


def _unclear() -> str:
    rows = ((f"`{o}`", text, f"`{after_unclear(o)}`") for o, text in legend(OnUnclear).items())
    return (
        "## What becomes of an unclear report\n\n"
        "Each system says it by kind; `on_unclear` in the vendor's table may say otherwise.\n\n"
        + table(("`on_unclear`", "meaning", "the report is then"), rows)
        + table(("system", "kind", "`on_unclear`"), _defaults())
    )


def _defaults() -> Iterator[tuple[str, ...]]:
    for name, system in systems().items():
        for kind, takes in system.takes.items():
            yield f"[`{name}`](../systems.md#{name})", f"`{kind}`", f"`{takes.on_unclear}`"


def _states() -> str:
    return "## The states of a report\n\n" + table(
        ("state", "meaning", "next", "`chargerelay replay`"),
        (
            (f"`{state}`", text, _listed(FOLLOWS[state]), _replay(state))
            for state, text in legend(State).items()
        ),
    )


def _listed(states: frozenset[State]) -> str:
    return ", ".join(f"`{state}`" for state in State if state in states) or "nothing"


def _replay(state: State) -> str:
    if state in replayable(again=False):
        return "sends it"
    return "only with `--again`" if state in replayable(again=True) else "leaves it"


def _policies() -> str:
    found = policies(Settings.model_construct()).values()
    rows = (
        ("order", (_order(one) for one in found)),
        ("worth telling", (_worth(one) for one in found)),
        ("tried again after, in seconds", (_schedule(one) for one in found)),
        ("the same again with other content", (_again(one) for one in found)),
        ("kept, once settled", (f"{one.keep_days:g} days" for one in found)),
    )
    return (
        "## What holds for each kind\n\n"
        "The numbers are the defaults; [settings](settings.md) change them. Each wait is made "
        "longer by chance, up to a tenth.\n\n"
        + table(("", *(f"`{one.kind}`" for one in found)), ((name, *cells) for name, cells in rows))
    )


def _order(policy: Policy) -> str:
    if policy.urgent:
        return "before all else, with workers of its own"
    return "the newest of a connector only" if policy.latest_wins else "none"


def _worth(policy: Policy) -> str:
    if policy.worth_s is None:
        return "for ever"
    return f"{policy.worth_s:g} s, then `{State.HELD if policy.held_when_late else State.EXPIRED}`"


def _schedule(policy: Policy) -> str:
    return f"{' '.join(f'{wait:g}' for wait in policy.retry_s)}, the last one repeats"


def _again(policy: Policy) -> str:
    return "a conflict, for a person" if policy.conflicts else "a duplicate"


def _others() -> Iterator[str]:
    for title, words in LEGENDS:
        rows = ((f"`{one}`", text) for one, text in legend(words).items())
        yield f"## {title}\n\n" + table(("", "meaning"), rows)


def legend(words: type[Word]) -> dict[Word, str]:
    """Word → meaning, as the docstring of the words says."""
    found = dict(re.findall(r"^([\w-]+): (.+)$", inspect.getdoc(words) or "", re.MULTILINE))
    return {one: found[one.value] for one in words}


def _first(of: type) -> str:
    return (inspect.getdoc(of) or "").splitlines()[0]
