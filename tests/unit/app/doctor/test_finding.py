"""Findings: what is not known is a fault, and one cause is told once."""

from bridge_patch.app.doctor.finding import (
    Mark,
    fault,
    is_well,
    note,
    told_once,
    unread,
    well,
)
from bridge_patch.domain.intent import Unknown
from tests.unit.app.doctor.seen import LOST, REVOKED


def test_what_could_not_be_read_is_a_fault_with_its_code_and_remedy() -> None:
    refused, lost = unread("key", REVOKED), unread("key", LOST)

    assert (refused.mark, lost.mark) == (Mark.FAULT, Mark.FAULT)
    assert refused.found == "could not be read: -2015: Invalid API-key"
    assert "list this machine's address" in refused.remedy
    assert lost.found == "could not be read: NO_REPLY: no reply: TimeoutError"
    assert lost.remedy


def test_a_cause_is_told_under_the_first_check_that_met_it() -> None:
    """Ten lines about one revoked key hide the other fault."""
    once = told_once(
        [unread("key", REVOKED), unread("brackets", REVOKED), unread("orders", LOST)]
    )

    assert [f.mark for f in once] == [Mark.FAULT, Mark.NOTE, Mark.FAULT]
    assert once[1].found == "not looked at, for what key says"


def test_two_replies_that_cannot_be_read_are_two_faults() -> None:
    both = (unread("brackets", Unknown("no list")), unread("rights", Unknown("no bool")))

    assert told_once(both) == both
    assert {f.cause for f in both} == {"UNREADABLE"}


def test_faults_without_a_cause_are_each_told() -> None:
    both = (fault("a", "x", "do"), fault("b", "x", "do"))

    assert told_once(both) == both


def test_notes_leave_all_well_and_one_fault_does_not() -> None:
    fine = [well("a", "x"), note("b", "y")]

    assert is_well(fine)
    assert not is_well([*fine, fault("c", "z", "do")])
