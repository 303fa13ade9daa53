from hypothesis import given
from hypothesis import strategies as st

from tests.worker.given import NOON, event
from worker.events import Kind
from worker.journal.claim import Claim
from worker.packing import ALONE_AFTER_TRIES, LOOKED_UP_TOGETHER, packs

EVENT = event(Kind.CHARGE_RECORD)


def claim(number: int, tries: int = 0, *, look_up: bool = False, ref: str | None = None) -> Claim:
    return Claim(number, EVENT, EVENT.subject, tries, "me", NOON, look_up, ref)


claims = st.lists(
    st.tuples(st.integers(0, 6), st.booleans(), st.sampled_from([None, "R-1"])), max_size=250
).map(lambda some: [claim(n, t, look_up=u, ref=r) for n, (t, u, r) in enumerate(some)])


@given(claims, st.integers(1, 30))
def test_every_claim_goes_into_one_pack_that_is_not_too_large(some: list[Claim], size: int) -> None:
    packed = list(packs(some, size))
    assert sorted(c.report_id for pack in packed for c in pack) == [c.report_id for c in some]
    for pack in packed:
        assert 0 < len(pack) <= (LOOKED_UP_TOGETHER if pack[0].look_up else size)


@given(claims, st.integers(1, 30))
def test_what_must_not_harm_others_is_alone_and_what_is_looked_up_is_apart(
    some: list[Claim], size: int
) -> None:
    for pack in packs(some, size):
        assert len({c.look_up for c in pack}) == 1
        if not pack[0].look_up and len(pack) > 1:
            assert all(c.tries < ALONE_AFTER_TRIES and c.vendor_ref is None for c in pack)


@given(claims, st.integers(1, 30))
def test_packs_are_full_and_keep_the_order(some: list[Claim], size: int) -> None:
    together = [c for c in some if not (c.look_up or c.vendor_ref or c.tries >= ALONE_AFTER_TRIES)]
    whole = [pack for pack in packs(some, size) if pack[0] in together]
    assert [c for pack in whole for c in pack] == together
    assert all(len(pack) == size for pack in whole[:-1])
