"""Errors by the reaction they require; a refusal is a return value, never one of these."""

from __future__ import annotations


class BridgeError(Exception):
    """Base of every error this package raises on purpose."""


class InvalidValueError(BridgeError, ValueError):
    """A value from outside does not fit the domain: set the message aside and go on."""


class IllegalTransitionError(BridgeError):
    """An event that cannot happen in this state; nothing was changed. Stop this order."""


class BrokenPromiseError(BridgeError):
    """The journal cannot write, the clock went back, leave was used twice: stop at once."""


class OutageError(BrokenPromiseError):
    """The store is away or full, and may be back: act on nothing, begin again from it."""


class FencedError(OutageError):
    """Another process has taken over from this one: act on nothing, wait behind it."""


class OutdatedError(OutageError):
    """The bus knows more of this journal than it does itself: a person says what is so."""
