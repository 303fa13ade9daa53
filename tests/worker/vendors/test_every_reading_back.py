import pytest

from worker.vendor import System
from worker.vendors import systems

EVERY = pytest.mark.parametrize("system", systems().values(), ids=systems().keys())


@EVERY
def test_only_what_was_told_is_read_back(system: type[System]) -> None:  # type: ignore[type-arg]
    assert system.reads_back <= set(system.takes)
    for method in ("read_back", "copy_of"):
        written = getattr(system, method) is not getattr(System, method)
        assert written == bool(system.reads_back)


@EVERY
def test_what_is_looked_up_in_the_log_are_callbacks_that_may_come_again(
    system: type[System],  # type: ignore[type-arg]
) -> None:
    for begins, ends in system.ends.items():
        assert begins in system.callbacks
        assert system.callbacks[ends].repeatable
    assert (system.logged is not System.logged) == bool(system.ends)
