"""What the Governor holds stays as it was given."""

import dataclasses
import importlib
import pkgutil

import pytest

import bridge_patch.governor

#: The ledger of reservations is the only thing that changes.
CHANGES = {"Budget"}


def values() -> list[type]:
    """Every dataclass that the package itself defines."""
    prefix = f"{bridge_patch.governor.__name__}."
    found = pkgutil.walk_packages(bridge_patch.governor.__path__, prefix)
    modules = [importlib.import_module(info.name) for info in found]
    return sorted(
        {
            kind
            for module in modules
            for kind in vars(module).values()
            if isinstance(kind, type) and dataclasses.is_dataclass(kind)
            if kind.__module__.startswith(prefix) and kind.__name__ not in CHANGES
        },
        key=lambda kind: kind.__qualname__,
    )


@pytest.mark.parametrize("kind", values(), ids=lambda kind: kind.__qualname__)
def test_nothing_that_was_judged_by_can_be_altered(kind: type) -> None:
    value: object = object.__new__(kind)
    names = [field.name for field in dataclasses.fields(kind)] or ["anything"]

    for name in names:
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
            setattr(value, name, None)


def test_there_are_values_to_look_at() -> None:
    assert {"Limits", "Approved", "Deny", "RiskSnapshot"} <= {v.__name__ for v in values()}
