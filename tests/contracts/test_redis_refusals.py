"""What a person reads when the server refuses, is away, or is none."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis

from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.domain.errors import BrokenPromiseError, OutageError
from tests.contracts.certificates import make_certificates
from tests.contracts.redis_rig import bus_at, refused
from tests.contracts.sites import INTENTS, ONE, commit, post, publish, read, run, texts
from tests.redis_server import free_port, redis_on


def test_a_missing_password_is_said(tmp_path: Path) -> None:
    with redis_on(tmp_path, "requirepass s3cret") as server:
        refused(f"redis://127.0.0.1:{server.port}", "correct user and password")
        with bus_at(f"redis://:s3cret@127.0.0.1:{server.port}") as bus:
            assert read(bus) == ()


def test_a_server_that_is_away_is_an_outage() -> None:
    refused(
        f"redis://:s3cret@127.0.0.1:{free_port()}",
        r"redis://:\*\*\*@127.0.0.1:[0-9]+/0: .*refused.*: start the server, or correct",
        OutageError,
    )


def test_a_server_that_goes_away_is_one_too_and_comes_back(tmp_path: Path) -> None:
    """The bus is opened anew then; what was acknowledged is there."""
    with redis_on(tmp_path, "appendfsync always") as server:
        with bus_at(str(server.url)) as bus:
            publish(bus, "a", "b")
            commit(bus, read(bus, count=1), post("r", "results"))
            server.stop(signal.SIGKILL)
            for attempt in (bus.publish([post("c")]), bus.depth(INTENTS, ONE.group)):
                with pytest.raises(OutageError, match="start the server"):
                    run(attempt)
        server.start()
        with bus_at(str(server.url)) as bus:
            assert texts(read(bus)) == ["b"]


def test_a_server_that_goes_away_ends_a_wait(tmp_path: Path) -> None:
    with redis_on(tmp_path) as server, bus_at(str(server.url)) as bus:

        async def scenario() -> None:
            task = asyncio.create_task(bus.read(ONE, (INTENTS,), count=1, wait_ms=60_000))
            await asyncio.sleep(0.05)
            server.stop(signal.SIGKILL)
            await asyncio.wait_for(task, timeout=5)

        with pytest.raises(OutageError, match="start the server"):
            run(scenario())


def test_nothing_is_sent_twice() -> None:
    """The library would try again by itself, and an intent would be two."""
    heard: list[bytes] = []
    hello = b"*6\r\n$7\r\nversion\r\n$5\r\n7.2.0\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"
    hello += b"$4\r\nmode\r\n$10\r\nstandalone\r\n"

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                while asked := peer.recv(65536):
                    heard.append(asked)
                    if b"HELLO" not in asked:
                        break
                    peer.sendall(hello)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with bus_at(f"redis://127.0.0.1:{listener.getsockname()[1]}") as bus:
            with pytest.raises(OutageError):
                publish(bus, "a")
            with socket.create_connection(listener.getsockname()):
                pass
        thread.join(10)

    assert sum(asked.count(b"XADD") for asked in heard) == 1


def test_something_that_is_no_redis_is_said() -> None:
    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        refused(
            f"redis://127.0.0.1:{listener.getsockname()[1]}",
            "does not answer like Redis: correct host and port",
        )
        thread.join(10)


def test_a_replica_is_an_outage_that_names_the_way_out(tmp_path: Path) -> None:
    """A primary that was demoted may be promoted again."""
    with redis_on(tmp_path, f"replicaof 127.0.0.1 {free_port()}") as server:
        refused(str(server.url), "this is a replica: name the primary", OutageError)
        with closing(Redis(port=server.port)) as person:
            person.replicaof("NO", "ONE")
        with bus_at(str(server.url)) as bus:
            publish(bus, "a")
            handed = read(bus)
            server.ask("REPLICAOF", "127.0.0.1", str(free_port()))
            with pytest.raises(OutageError, match="this is a replica: name the primary"):
                commit(bus, handed, post("r", "results"))


def test_a_cluster_is_refused_at_the_start(tmp_path: Path) -> None:
    with redis_on(tmp_path, "cluster-enabled yes", f"cluster-port {free_port()}") as server:
        refused(str(server.url), "node of a cluster, which splits the streams")


def test_a_full_memory_is_an_outage_and_nothing_is_half_done(tmp_path: Path) -> None:
    with redis_on(tmp_path) as server, bus_at(str(server.url)) as bus:
        publish(bus, "a")
        handed = read(bus)
        server.ask("CONFIG", "SET", "maxmemory", 1)
        with pytest.raises(OutageError, match="memory is full: raise maxmemory"):
            commit(bus, handed, post("r", "results"))
        server.ask("CONFIG", "SET", "maxmemory", 0)

        assert run(bus.depth(INTENTS, ONE.group)).pending == 1
        assert run(bus.depth("results", "x")).last_id == ""


def test_a_full_disk_of_the_server_is_an_outage(tmp_path: Path) -> None:
    """Redis says MISCONF while it cannot save; it goes on when it can."""
    free = "enable-protected-configs yes"
    with redis_on(tmp_path, free) as server, bus_at(str(server.url)) as bus:
        folder = tmp_path / "gone"
        folder.mkdir()
        server.ask("CONFIG", "SET", "appendonly", "no")
        server.ask("CONFIG", "SET", "dir", str(folder))
        server.ask("CONFIG", "SET", "save", "3600 1")
        folder.rmdir()
        publish(bus, "a")
        server.ask("BGSAVE")
        for _ in range(500):
            if b"rdb_last_bgsave_status:err" in server.said("INFO", "persistence"):
                break
            run(asyncio.sleep(0.01))
        with pytest.raises(OutageError, match=r"cannot write to its disk.*make room"):
            publish(bus, "b")
        server.ask("CONFIG", "SET", "dir", str(tmp_path))


def test_a_key_that_is_no_stream_is_named(tmp_path: Path) -> None:
    with redis_on(tmp_path) as server, bus_at(str(server.url)) as bus:
        server.ask("SET", INTENTS, "mine")
        following = bus.follow(INTENTS, "", count=1, wait_ms=0)
        for attempt in (bus.publish([post("a")]), following):
            with pytest.raises(BrokenPromiseError, match="is no stream: rename it"):
                run(attempt)


def test_a_socket_of_this_machine_is_a_way_too(tmp_path: Path) -> None:
    place = tmp_path / "r.sock"
    with redis_on(tmp_path, f"unixsocket {place}"), bus_at(f"unix://{place}") as bus:
        publish(bus, "a")

        assert texts(read(bus)) == ["a"]


async def turns_during(bus: Bus) -> int:
    """How often another task gets its turn while nothing comes."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.01)

    task = asyncio.create_task(other())
    assert await bus.read(ONE, (INTENTS,), count=1, wait_ms=300) == ()
    task.cancel()
    return turns


def test_tls_is_spoken_to_a_server_that_is_known_and_to_no_other(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    port = free_port()
    options = (
        f"tls-port {port}",
        f"tls-cert-file {made.certificate}",
        f"tls-key-file {made.key}",
        f"tls-ca-cert-file {made.authority}",
        "tls-auth-clients no",
    )
    with redis_on(tmp_path, *options):
        with bus_at(f"rediss://127.0.0.1:{port}", made.authority) as bus:
            publish(bus, "a")
            waited = bus.read(ONE, (INTENTS,), count=9, wait_ms=2_000)

            assert texts(run(waited)) == ["a"]
            assert run(turns_during(bus)) > 10, "a wait must not stop the process"
        refused(
            f"rediss://127.0.0.1:{port}",
            "name the authority that signed its certificate in BUS_CA_FILE",
            OutageError,
        )
        refused(f"rediss://127.0.0.1:{free_port()}", "must speak TLS", OutageError)
        with pytest.raises(BrokenPromiseError, match=r"BUS_CA_FILE must be a file, .*gone"):
            RedisBus(read_bus_url(f"rediss://127.0.0.1:{port}"), ca_file=tmp_path / "gone")
