"""The states of a report, and the only place that says how one follows another."""

from enum import StrEnum

from worker.outcomes import Accepted, OnUnclear, Outcome, Refused, TryLater, Unclear


class State(StrEnum):
    """Where a report stands.

    pending: waits for its due time.
    sending: leased; bytes may have left.
    accepted: the vendor has it.
    refused: the vendor will not take it; a person may fix and replay it.
    unclear: sent, but not known to be taken; it is looked up at the vendor when due.
    superseded: a newer status of its connector took its place.
    expired: no longer worth telling.
    held: waits for a person.
    given_up: the vendor takes no further try.
    """

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    HELD = "held"
    GIVEN_UP = "given_up"


WAITING = (State.PENDING, State.UNCLEAR)
OPEN = (State.PENDING, State.SENDING, State.UNCLEAR)
SETTLED = tuple(state for state in State if state not in (*OPEN, State.HELD))

# By a person, by the clock, or because the vendor says that it has failed there.
TOLD_AGAIN = frozenset({State.PENDING, State.UNCLEAR, State.HELD, State.GIVEN_UP})
FOLLOWS: dict[State, frozenset[State]] = {
    State.PENDING: frozenset(
        {
            State.SENDING,
            State.REFUSED,
            State.SUPERSEDED,
            State.EXPIRED,
            State.HELD,
            State.UNCLEAR,
            State.GIVEN_UP,
        }
    ),
    State.SENDING: frozenset(
        {
            State.ACCEPTED,
            State.REFUSED,
            State.PENDING,
            State.UNCLEAR,
            State.SUPERSEDED,
            State.HELD,
        }
    ),
    State.UNCLEAR: frozenset(
        {
            State.SENDING,
            State.PENDING,
            State.REFUSED,
            State.SUPERSEDED,
            State.HELD,
            State.EXPIRED,
            State.GIVEN_UP,
        }
    ),
    State.ACCEPTED: TOLD_AGAIN,
    State.REFUSED: TOLD_AGAIN,
    State.HELD: TOLD_AGAIN,
    State.GIVEN_UP: frozenset({State.PENDING}),
    State.EXPIRED: TOLD_AGAIN,
    State.SUPERSEDED: frozenset(),
}


def replayable(*, again: bool) -> tuple[State, ...]:
    """The states from which a person may have a report sent once more.

    Args:
        again: also what the vendor has accepted; it will be told twice.
    """
    waits = [state for state in State if state is State.PENDING or State.PENDING in FOLLOWS[state]]
    never = {State.SENDING} if again else {State.SENDING, State.ACCEPTED}
    return tuple(state for state in waits if state not in never)


def after_sending(outcome: Outcome, on_unclear: OnUnclear) -> State:
    """The state that an outcome leads to from `sending`."""
    match outcome:
        case Accepted():
            return State.ACCEPTED
        case Refused():
            return State.REFUSED
        case TryLater():
            return State.PENDING
        case Unclear():
            return after_unclear(on_unclear)


def after_unclear(rule: OnUnclear) -> State:
    """The state of a report of which nobody knows whether it arrived."""
    return {
        OnUnclear.RESEND: State.PENDING,
        OnUnclear.VERIFY: State.UNCLEAR,
        OnUnclear.HOLD: State.HELD,
    }[rule]
