"""A server's databases that are wrong, busy or not to be written, and addresses that keep their password secret."""

import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from a_system import a_system
from sqlalchemy import func, inspect, make_url, select
from stored_places import Place
from temporary_postgresql import GUARDED, PASSWORD

from nci_core.errors import StoreError
from nci_core.store import Configuration, Store, configurations, jobs, server, systems


@pytest.fixture
def place(fresh_schema: str, tmp_path: Path) -> Place:
    return Place(fresh_schema, tmp_path)


@pytest.fixture
def guarded(fresh_schema: str) -> str:
    """An address whose user must give a password, without it."""
    return server.without_secret(make_url(fresh_schema).set(username=GUARDED))


def secret(address: str) -> str:
    return make_url(address).set(password=PASSWORD).render_as_string(hide_password=False)


def add_many(store: Store, n: int) -> None:
    configurations.add(store, np.zeros((n, 3)), [f"many{i:012d}" for i in range(n)], system_id=1)


def one_sentence(error: pytest.ExceptionInfo[StoreError]) -> bool:
    text = str(error.value)
    return text.endswith(".") and "\n" not in text and "sqlalche" not in text and "Error" not in text


def test_a_missing_campaign(fresh_schema: str) -> None:
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"There is no campaign at postgresql.*, or you may not see it") as error:
            Store.open(fresh_schema, read_only=read_only)
        assert one_sentence(error)
    with Place(fresh_schema, Path()).connect() as connection:  # asking made no schema
        assert make_url(fresh_schema).query["schema"] not in inspect(connection).get_schema_names()


def test_create_does_not_overwrite(store: Store, place: Place) -> None:
    with pytest.raises(StoreError, match=r"There is a campaign at .* already"):
        place.create()
    with place.create(exist_ok=True) as again:
        assert configurations.counts(again) == {"pool": 4, "test": 2}


def test_somebody_elses_schema(place: Place) -> None:
    with place.create() as made, made.engine.begin() as connection:
        for name in ("alembic_version", "job_events"):
            connection.exec_driver_sql(f"DROP TABLE {name}")
    for opened in (place.open, place.create):
        with pytest.raises(StoreError, match="not of a campaign") as error:
            opened()
        assert one_sentence(error)


def test_campaigns_of_one_database_are_apart(store: Store, postgresql: str) -> None:
    with Store.create(f"{postgresql}&schema=the_neighbour") as other:
        assert configurations.counts(other) == {"pool": 0, "test": 0}
        systems.add(other, [a_system()])
        add_many(other, 3)
        with other.write(), ThreadPoolExecutor(1) as pool:  # a neighbour's writer does not block
            pool.submit(add_many, store, 2).result(timeout=30)
    assert configurations.counts(store) == {"pool": 6, "test": 2}


def test_a_locked_database(store: Store, place: Place) -> None:
    with place.open(busy_seconds=0.1) as impatient:
        with store.write():
            assert configurations.counts(impatient) == {"pool": 4, "test": 2}  # readers do not wait
            with pytest.raises(StoreError, match="in use by another process") as error:
                add_many(impatient, 3)
            assert one_sentence(error)
        add_many(impatient, 3)
    assert configurations.counts(store)["pool"] == 7


def test_only_one_of_many_begins_a_job(store: Store) -> None:
    """Each reads that the job is waiting, then says that it runs: true for the first only."""
    for _ in range(5):
        job = jobs.add(store, "label")
        with ThreadPoolExecutor(8) as pool:
            begun = list(pool.map(lambda pid: jobs.begin(store, job.id, host="h", supervisor_pid=pid), range(8)))  # noqa: B023
        assert sum(found is not None for found in begun) == 1
        assert jobs.get(store, job.id).attempt == 1


def test_a_reader_sees_one_state(store: Store) -> None:
    with store.read() as session:
        query = select(func.count()).select_from(Configuration)
        before = session.scalar(query)
        add_many(store, 3)
        assert session.scalar(query) == before
    assert configurations.counts(store)["pool"] == 7


def test_read_only_reads_and_writes_nothing(store: Store, place: Place) -> None:
    with place.open(read_only=True) as demo:
        assert configurations.counts(demo) == {"pool": 4, "test": 2}
        with pytest.raises(StoreError, match="open read-only"):
            add_many(demo, 3)
        with pytest.raises(StoreError, match="is read-only here") as error, demo.read() as session:
            session.connection().exec_driver_sql("DELETE FROM configurations")
        assert one_sentence(error)
        with pytest.raises(Exception, match="read-only transaction"), demo.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM picks")


def test_a_connection_that_was_lost_is_made_again(store: Store, place: Place) -> None:
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nci' AND pid <> %s"
    with place.connect() as connection:
        mine = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        assert connection.exec_driver_sql(query, (mine,)).all()
    assert configurations.counts(store) == {"pool": 4, "test": 2}


def test_a_role_that_may_not_make_schemas_is_given_one(place: Place, fresh_schema: str) -> None:
    url = make_url(fresh_schema)
    schema = url.query["schema"]
    guest = Place(url.set(username=f"guest_of_{schema}").render_as_string(), place.folder)
    with place.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE guest_of_{schema} LOGIN")
    with pytest.raises(StoreError, match=r"You may not do this in .*permission denied for database") as error:
        guest.create()
    assert one_sentence(error)
    with place.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        connection.exec_driver_sql(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO guest_of_{schema}")
    with guest.create() as store:
        systems.add(store, [a_system()])
        add_many(store, 3)
        assert configurations.counts(store)["pool"] == 3


def test_a_driver_that_is_not_installed(fresh_schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"run pip install 'nci\[postgres\]'") as error:
        Store.open(fresh_schema)
    assert one_sentence(error)


@pytest.fixture
def as_guarded(guarded: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    return guarded


def test_the_password_comes_from_the_environment(as_guarded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="refuses this user or password; put the password into") as error:
        Store.open(as_guarded)
    assert one_sentence(error)
    monkeypatch.setenv(server.VARIABLE, secret(as_guarded))
    with Store.create(as_guarded) as store:
        assert store.server is not None
        assert PASSWORD not in store.server
    monkeypatch.delenv(server.VARIABLE)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    Store.open(as_guarded).close()


def test_another_servers_password_is_not_sent(guarded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(server.VARIABLE, secret(guarded))
    asked = server.parse(guarded)
    assert server.with_secret(asked).password == PASSWORD
    changes = ({"database": "other"}, {"host": "elsewhere"}, {"port": 5433}, {"username": "ada"})
    others = [asked.set(**change) for change in changes]  # type: ignore[arg-type]
    others += [asked.update_query_dict(more) for more in ({"hostaddr": "10.0.0.1"}, {"sslmode": "disable"})]
    for other in others:
        assert server.with_secret(other).password is None
    assert server.with_secret(asked.set(port=5432)).password == PASSWORD
    assert server.with_secret(asked.set(username=None)).username == GUARDED


@pytest.mark.parametrize(
    "change",
    [
        {"password": "wrong-one"},
        {"database": "nowhere"},
        {"host": "127.0.0.1", "port": 9},
        {"host": "no-such-host.invalid"},
        {"username": "stranger"},
    ],
)
def test_no_error_shows_a_password(guarded: str, change: dict[str, str | int]) -> None:
    url = make_url(guarded).set(password=PASSWORD).set(**change)  # type: ignore[arg-type]
    if "host" in change:
        url = url.difference_update_query(["host"])
    with pytest.raises(StoreError) as error:
        Store.open(url.render_as_string(hide_password=False))
    assert one_sentence(error)
    shown = "".join(traceback.format_exception(error.value))
    for part in (str(url.password), "s3cret", "of%40the"):
        assert part not in shown


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ada:pa/hush@host/db",  # a password that was not quoted is taken for a port
        "postgresql://ada:hush@host:port/db",
        "not a url:// hush",
        "mysql://ada:hush@host/db",
        "postgresql://ada:hush@host/db?schema=Robert'; DROP",
    ],
)
def test_a_bad_address_is_not_repeated(address: str) -> None:
    with pytest.raises(StoreError) as error:
        Store.open(address)
    assert one_sentence(error)
    assert "hush" not in str(error.value)
    assert "hush" not in str(error.value.__cause__)


def test_where_a_new_campaign_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("/srv/He–benzene v2")
    assert server.place(folder) == ""
    asked = server.place(folder, "postgresql://ada@host/db")
    assert asked == "postgresql+psycopg://ada@host/db?schema=nci_he_benzene_v2"
    monkeypatch.setenv(server.VARIABLE, "postgresql://ada:hush@host/db")
    assert server.place(folder) == asked
    assert server.place(folder, "") == ""
    for wrong in ("postgresql://ada:hush@host/db", "postgresql://host/db?password=hush"):
        with pytest.raises(StoreError, match="holds a password") as error:
            server.place(folder, wrong)
        assert "hush" not in str(error.value)
    for wrong, said in (
        ("postgresql://host/db?hostaddr=10.0.0.1", "cannot hold 'hostaddr'"),
        ("sqlite:///x.db", "own file"),
    ):
        with pytest.raises(StoreError, match=said):
            server.place(folder, wrong)
