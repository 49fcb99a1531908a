"""Every benchmark still runs: tiny sizes, and not a word about how long it took."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import (
    bench_backlog,
    bench_backlog_postgres,
    bench_backlog_redis,
    bench_journal,
    bench_judge,
    bench_latency,
    bench_latency_redis,
    bench_latency_sqlite,
    bench_memory,
    bench_memory_redis,
    bench_pipeline,
    bench_pipeline_postgres,
    bench_pipeline_redis,
    bench_replay,
    bench_session,
    bench_takeover,
    bench_venue,
)
from tests.redis_server import program

ROOT = Path(__file__).parents[3]
RATIO = re.compile(r"^ratio .+: \d+\.\d{3} \(at (most|least) [\d.]+: (met|missed)\)$")
TINY: dict[str, Callable[[bool], None]] = {
    "bench_backlog": lambda js: bench_backlog.main(600, 8, as_json=js),
    "bench_backlog_postgres": lambda js: bench_backlog_postgres.main(600, 8, as_json=js),
    "bench_backlog_redis": lambda js: bench_backlog_redis.main(600, 8, as_json=js),
    "bench_journal": lambda js: bench_journal.main((8, 64), rounds=1, as_json=js),
    "bench_judge": lambda js: bench_judge.main(10, rounds=1, as_json=js),
    "bench_latency": lambda js: bench_latency.main(4, rounds=1, as_json=js),
    "bench_latency_redis": lambda js: bench_latency_redis.main(4, rounds=1, as_json=js),
    "bench_latency_sqlite": lambda js: bench_latency_sqlite.main(4, rounds=1, as_json=js),
    "bench_memory": lambda js: bench_memory.main(8, as_json=js),
    "bench_memory_redis": lambda js: bench_memory_redis.main(8, as_json=js),
    "bench_pipeline": lambda js: bench_pipeline.main(8, rounds=1, as_json=js),
    "bench_pipeline_postgres": lambda js: bench_pipeline_postgres.main(
        8, rounds=1, as_json=js
    ),
    "bench_pipeline_redis": lambda js: bench_pipeline_redis.main(8, rounds=1, as_json=js),
    "bench_replay": lambda js: bench_replay.main(8, rounds=1, as_json=js),
    "bench_session": lambda js: bench_session.main(40, rounds=1, as_json=js),
    "bench_takeover": lambda js: bench_takeover.main(400, as_json=js),
    "bench_venue": lambda js: bench_venue.main(2, rounds=1, as_json=js),
}

ON_POSTGRES = {
    "bench_backlog_postgres",
    "bench_latency_redis",
    "bench_memory_redis",
    "bench_pipeline_postgres",
}
ON_REDIS = {*ON_POSTGRES, "bench_backlog_redis", "bench_latency", "bench_pipeline_redis"}


def test_every_script_is_run_here() -> None:
    assert {path.stem for path in ROOT.glob("bench/bench_*.py")} == TINY.keys()


@pytest.mark.parametrize("name", TINY)
def test_a_benchmark_prints_one_ratio_and_the_figures_behind_it(
    name: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ratio that nobody can take apart is no evidence."""
    if name in ON_REDIS:
        program("server")
    if name in ON_POSTGRES:
        request.getfixturevalue("postgres")
    TINY[name](False)
    *figures, last = capsys.readouterr().out.splitlines()

    assert RATIO.match(last)
    assert len(figures) >= 4
    assert not [line for line in figures if line.startswith("ratio")]


def test_the_same_as_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    TINY["bench_replay"](True)
    told = json.loads(capsys.readouterr().out)

    assert {"name", "ratio", "wanted", "goal", "met", "figures"} == told.keys()
    assert {"name", "value", "unit", "note"} == told["figures"][0].keys()
