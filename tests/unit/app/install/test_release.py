"""A release: whole, tried, or not there at all."""

from __future__ import annotations

import base64
import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bridge_patch.app.install import closure, release
from bridge_patch.app.install.actions import InstallError
from bridge_patch.app.install.closure import Source, needed_distributions, sources
from bridge_patch.app.install.release import Build, Release


def recorded(path: Path, text: str) -> Source:
    path.write_text(text)
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return Source(path, path.name, digest.rstrip(b"=").decode())


def pins() -> dict[str, str]:
    """Return the version of each distribution that a runtime is pinned to."""
    path = Path(__file__).parents[4] / "requirements" / "runtime.txt"
    return {
        line.split("==")[0]: line.split("==")[1].split()[0]
        for line in path.read_text().splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }


def test_all_that_is_needed_is_found_and_nothing_of_the_workshop() -> None:
    names = {dist.metadata["Name"].lower() for dist in needed_distributions()}

    assert {"bridge-patch", "bridge-patch-compat", "ccxt", "aiohttp", "hiredis"} <= names
    assert not {"pytest", "hypothesis", "mypy", "ruff", "z3-solver", "pip"} & names


def test_what_the_pins_name_is_what_is_taken() -> None:
    """The pinned requirements of a runtime are the environment that is copied."""
    pinned = pins()
    taken = {
        str(canonicalize_name(d.metadata["Name"])): d.version
        for d in needed_distributions()
    }

    assert {name: taken.get(name) for name in pinned} == pinned


@pytest.mark.parametrize("python", ["3.11.0", "3.11.2", "3.12.0", "3.13.0", "3.14.0"])
def test_what_another_python_needs_besides_is_pinned_too(python: str) -> None:
    """Debian 12 has 3.11.2, and redis needs a package there that it needs nowhere else.

    With hashes required, pip refuses all of it for the one that is not pinned.
    """
    there = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    needed = {
        canonicalize_name(need.name)
        for name in pins()
        for need in map(Requirement, distribution(name).requires or ())
        if need.marker is None or need.marker.evaluate({**there, "extra": ""})
    }

    assert "async-timeout" in needed or python > "3.11.2"
    assert needed <= pins().keys()


def test_ours_is_taken_as_it_is_now_with_no_link_to_where_it_was() -> None:
    ours = next(d for d in needed_distributions() if d.metadata["Name"] == "bridge-patch")
    places = {source.place for source in sources(ours)}

    assert {"bridge_patch/app/cli.py", "bridge_patch/__init__.py"} <= places
    assert not [p for p in places if p.endswith((".pth", ".pyc", "direct_url.json"))]


def test_an_environment_that_lacks_something_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = distribution

    def lacking(name: str) -> object:
        if name == "ccxt":
            raise PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(closure, "distribution", lacking)
    with pytest.raises(
        InstallError, match=r"ccxt is not installed.*bridge-patch\[exchange"
    ):
        needed_distributions()


def test_a_file_that_was_altered_since_it_was_installed_is_not_deployed(
    tmp_path: Path,
) -> None:
    source = recorded(tmp_path / "good.py", "x = 1\n")
    source.path.write_text("x = 2\n")
    built = tmp_path / "releases" / "r"
    with pytest.raises(InstallError, match="is not what was installed"):
        Build(Release("r", (source,)), built).do()

    assert not built.exists()


def test_an_environment_that_does_not_run_never_gets_its_place(tmp_path: Path) -> None:
    built = tmp_path / "releases" / "r"
    build = Build(Release("r", (recorded(tmp_path / "other.py", "x = 1\n"),)), built)
    with pytest.raises(
        InstallError, match=r"does not run, .*No module named 'bridge_patch'"
    ):
        build.do()

    assert build.needed()
    assert not built.exists()


def test_what_was_left_by_a_build_that_broke_off_is_built_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "_TRIAL", "import good")
    built = tmp_path / "releases" / "r"
    half = tmp_path / "releases" / ".r.new" / "lib"
    half.mkdir(parents=True)
    (half / "rest").write_text("of a crash")
    build = Build(Release("r", (recorded(tmp_path / "good.py", "x = 1\n"),)), built)
    build.do()

    assert not build.needed()
    assert not (built / "lib" / "rest").exists()
    assert (built / "bin" / "bridge-patch").stat().st_mode & 0o777 == 0o755
    assert list((built / "bin").glob("[Aa]ctivate*")) == []


def test_every_state_of_the_program_has_a_name_of_its_own(tmp_path: Path) -> None:
    one = recorded(tmp_path / "one.py", "x = 1\n")
    other = recorded(tmp_path / "two.py", "x = 1\n")
    working = Source(one.path, one.place, "")
    name = release._name((one,))

    assert name == release._name((one,)) == release._name((working,))
    assert len({name, release._name((other,)), release._name((one, other))}) == 3
