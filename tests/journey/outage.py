"""Taking a PostgreSQL database away for a while, as a restart or a failover would."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy
from sqlalchemy.engine import make_url


@contextmanager
def away(server_url: str, database_url: str) -> Iterator[None]:
    """Cut all connections to the database and let nobody in until the end."""
    name = make_url(database_url).database
    address = make_url(server_url).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(
        address, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        try:
            yield
        finally:
            connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    engine.dispose()
