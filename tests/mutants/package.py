"""The package that is mutated, and how a fault gets in the way of its import."""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

PACKAGE: Final = "bridge_patch.governor"
ROOT: Final = Path(__file__).parents[2]
SRC: Final = ROOT / "src"
HOME: Final = SRC.joinpath(*PACKAGE.split("."))


def sources() -> dict[str, str]:
    """Return the text of every file of the package, by its path below it."""
    paths = sorted(HOME.rglob("*.py"))
    return {path.relative_to(HOME).as_posix(): path.read_text() for path in paths}


def is_ours() -> bool:
    """Say whether what is imported by the package's name is what stands beside us."""
    spec = importlib.util.find_spec(PACKAGE)
    return bool(spec and spec.origin and Path(spec.origin).resolve().parent == HOME)


class Planted(importlib.abc.MetaPathFinder):
    """Finds one module of the package, with other code than its file has."""

    def __init__(self, tree: ast.Module, file: str) -> None:
        parts = Path(file).with_suffix("").parts
        self._name = ".".join([PACKAGE, *(part for part in parts if part != "__init__")])
        self._path = HOME / file
        self._code = compile(tree, str(self._path), "exec", dont_inherit=True)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the planted module; leave all others to those who come after."""
        if fullname != self._name:
            return None
        folder = self._path.parent if self._path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname,
            self._path,
            loader=_Loader(fullname, str(self._path), self._code),
            submodule_search_locations=[str(folder)] if folder else None,
        )

    def install(self) -> None:
        """Go before every other finder. The package must not be imported yet."""
        if PACKAGE in sys.modules:
            raise RuntimeError(f"{PACKAGE} is imported already")
        sys.meta_path.insert(0, self)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code
