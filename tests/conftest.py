"""How every test runs: properties are repeatable unless the night is asked for."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres_server import PostgresServer, postgres_server
from tests.redis_server import RedisServer, redis_on

# Laws take their number of examples from the profile and never set it themselves, so
# that `pytest tests/laws --hypothesis-profile=nightly` really is the longer run.
settings.register_profile(
    "ci",
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile(
    "nightly",
    max_examples=50_000,
    derandomize=False,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("ci")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server for all tests that only need one; each begins with an empty one."""
    with redis_on(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests that ask for one; skips where there is none."""
    with ExitStack() as opened:
        try:
            server = opened.enter_context(postgres_server())
        except LookupError as missing:
            pytest.skip(str(missing))
        yield server
