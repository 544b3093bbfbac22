"""Cases of recognising people in which two answers look right, one by one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from leadbridge.adapter import Ref
from leadbridge.store import Link
from leadbridge.sync.identity import Candidate, Identified, identify, lead_id

ACCOUNTS = {"left": "account-left", "right": "account-right"}
ADA = "ada@buyer.example"


def record(
    connection: str,
    number: int,
    email: str | None = None,
    *,
    own_id: str | None = None,
    external_id: str | None = None,
) -> Candidate:
    """A record that stands for a lead, and what it can be recognised by."""
    return Candidate(connection, Ref("person", f"{connection}-{number}"), own_id, external_id, email)


def found(new: Iterable[Candidate], known: Iterable[tuple[Candidate, str]] = (), *more: Link) -> Identified:
    """What is found out about new records, given known ones with their leads, and further links."""
    pairs = list(known)
    links = [Link(candidate.connection, candidate.ref, lead) for candidate, lead in pairs]
    return identify(new, [candidate for candidate, _ in pairs], [*links, *more], ACCOUNTS)


def bound(result: Identified) -> dict[str, tuple[str, str]]:
    """For each record that was recognised: its lead, and how."""
    return {link.ref.id: (link.lead, how) for link, how in result.links}


def asked(result: Identified) -> dict[str, str]:
    """For each record that a person has to decide about: why."""
    return {item.ref.id: item.reason for item in result.unclear}


def test_our_own_key_comes_before_everything_else() -> None:
    known = [(record("left", 1, ADA, external_id="X"), "by-address")]
    result = found([record("right", 1, ADA, own_id="by-key", external_id="X")], known)
    assert bound(result) == {"right-1": ("by-key", "key")}


def test_an_unknown_key_of_the_agreement_leaves_the_word_to_the_address() -> None:
    result = found([record("right", 1, ADA, external_id="X")], [(record("left", 1, ADA), "ada")])
    assert bound(result) == {"right-1": ("ada", "email")}


def test_two_new_records_of_two_crms_with_one_address_are_one_lead() -> None:
    leads = bound(found([record("right", 1, ADA), record("left", 1, ADA)]))
    assert leads["left-1"][0] == leads["right-1"][0]
    assert sorted(how for _, how in leads.values()) == ["email", "new"]


def test_a_record_with_our_key_makes_its_address_known_to_the_others() -> None:
    result = found([record("left", 1, ADA), record("right", 1, ADA, own_id="K")])
    assert bound(result) == {"right-1": ("K", "key"), "left-1": ("K", "email")}


def test_a_key_of_two_leads_is_for_a_person_to_decide() -> None:
    known = [(record("left", 1, external_id="X"), "one"), (record("left", 2, external_id="X"), "two")]
    assert asked(found([record("right", 1, ADA, external_id="X")], known)) == {
        "right-1": "its external_id belongs to 2 leads"
    }


def test_of_two_new_records_with_one_leadbridge_id_only_one_is_recognised() -> None:
    result = found([record("left", 2, own_id="ada"), record("left", 1, own_id="ada")])
    assert bound(result) == {"left-1": ("ada", "key")}
    assert list(asked(result)) == ["left-2"]


@pytest.mark.parametrize("twins", ["left", "right"])
def test_twins_in_one_crm_do_not_keep_the_record_of_the_other_from_being_a_lead(twins: str) -> None:
    other = "right" if twins == "left" else "left"
    result = found([record(twins, 1, ADA), record(twins, 2, ADA), record(other, 9, ADA)])
    assert f"{other}-9" in bound(result)
    assert f"{twins}-2" in asked(result)


@pytest.mark.parametrize("twins", ["left", "right"])
def test_of_two_new_records_with_the_address_of_a_known_lead_neither_is_guessed(twins: str) -> None:
    other = "right" if twins == "left" else "left"
    result = found([record(twins, 1, ADA), record(twins, 2, ADA)], [(record(other, 9, ADA), "ada")])
    assert bound(result) == {}
    assert set(asked(result)) == {f"{twins}-1", f"{twins}-2"}


def test_a_record_that_moved_on_leaves_its_place_free() -> None:
    moved = Link("right", Ref("person", "right-1"), "ada", "moved")
    result = found([record("right", 2, ADA)], [(record("left", 1, ADA), "ada")], moved)
    assert bound(result) == {"right-2": ("ada", "email")}


def test_an_address_that_its_lead_gave_up_recognises_nobody() -> None:
    result = found([record("right", 1, ADA)], [(record("left", 1, "new@buyer.example"), "ada")])
    assert bound(result)["right-1"][1] == "new"
    assert bound(result)["right-1"][0] != "ada"


def test_what_waits_for_a_person_shows_nothing_of_the_record() -> None:
    (item,) = found([record("left", 2, ADA)], [(record("left", 1, ADA), "ada")]).unclear
    assert item.subject == "identity"
    merge, _, apart = item.remedy.partition("; ")
    assert merge == "merge the two records in the CRM"
    assert apart == "if it is somebody else: leadbridge apart left person left-2"
    assert ADA not in repr(item)
    assert ADA not in repr(record("left", 2, ADA, external_id=ADA))


def test_the_id_of_a_lead_fits_our_field_and_says_nothing() -> None:
    made = lead_id(record("left", 1, ADA), "account-left")
    assert len(made) <= 64
    assert made.isalnum()
    assert "ada" not in made
