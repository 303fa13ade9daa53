import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from worker.journal.engine import writing


def test_a_fault_of_the_database_repeats_nothing_of_what_was_to_be_written(engine: Engine) -> None:
    """It is logged, and shown by Flower; an event's body stands among the parameters."""
    statement = text("INSERT INTO nowhere (body) VALUES (:body)")
    with pytest.raises(SQLAlchemyError) as caught, writing(engine) as connection:
        connection.execute(statement, {"body": "HIDDEN"})
    assert "nowhere" in str(caught.value)
    assert "HIDDEN" not in str(caught.value)
