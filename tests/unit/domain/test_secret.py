"""No log, record, error or page contains any part of a secret."""

import copy
import pickle
from dataclasses import dataclass

import pytest

from bridge_patch.domain.secret import Secret


@dataclass(frozen=True)
class Holder:
    key: Secret


def test_no_way_of_printing_shows_it() -> None:
    key = Secret("abc123")
    shown = f"{key} {key!r} {key!s} {[key]} {Holder(key)} {vars(Holder(key))}"

    assert key.reveal() == "abc123"
    assert "abc123" not in shown
    assert "Secret(***)" in shown


def test_it_is_not_stored_or_copied() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("abc123"))
    with pytest.raises(TypeError):
        copy.deepcopy(Holder(Secret("abc123")))
