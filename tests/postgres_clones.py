"""Making and dropping databases of the PostgreSQL server that lives for the tests' run."""

import psycopg
from sqlalchemy import make_url


def clone(server: str, template: str, name: str) -> None:
    """Copy a database as files, as PostgreSQL did it until 14: half the work of logging every page, as it does since."""
    with connected(server) as maker:
        strategy = "STRATEGY FILE_COPY" if maker.info.server_version >= 150000 else ""
        maker.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}'.encode())


def drop(server: str, name: str) -> None:
    execute_on(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def execute_on(server: str, statement: str) -> None:
    with connected(server) as maker:
        maker.execute(statement.encode())


def connected(server: str) -> psycopg.Connection:
    url = make_url(server)
    return psycopg.connect(host=url.host, port=url.port, user=url.username, dbname="postgres", autocommit=True)
