"""Who is who: keys before addresses, nothing guessed, and the same answer whatever the order of records."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from leadbridge.adapter import Ref
from leadbridge.store import Link
from leadbridge.sync.identity import Candidate, Identified, identify, lead_id, unclear

ACCOUNTS = {"left": "account-l", "right": "account-r"}


def record(
    connection: str, number: int, *, own: str | None = None, key: str | None = None, email: str | None = None
) -> Candidate:
    return Candidate(connection, Ref("person", f"{connection}-{number}"), own, key, email)


def link(candidate: Candidate, lead: str, status: str = "live") -> Link:
    return Link(candidate.connection, candidate.ref, lead, status)  # type: ignore[arg-type]  # one of the three


def who(found: Identified) -> dict[Ref, tuple[str, str]]:
    return {each.ref: (each.lead, how) for each, how in found.links}


def asked(found: Identified) -> set[Ref]:
    return {item.ref for item in found.unclear}


def test_our_own_key_on_a_record_says_who_it_is() -> None:
    one = record("right", 1, own="lead-7", email="other@buyer.example")
    assert who(identify([one], [], [], ACCOUNTS)) == {one.ref: ("lead-7", "key")}


def test_the_agreements_key_counts_more_than_the_address() -> None:
    by_key, by_email = record("left", 1, key="k-1", email="a@x.example"), record("left", 2, email="b@x.example")
    links = [link(by_key, "k-1"), link(by_email, "lead-2")]
    one = record("right", 1, key="k-1", email="b@x.example")
    assert who(identify([one], [by_key, by_email], links, ACCOUNTS)) == {one.ref: ("k-1", "external_id")}


def test_the_same_address_in_the_other_crm_is_the_same_person() -> None:
    left, right = record("left", 1, email="a@x.example"), record("right", 1, email="a@x.example")
    found = who(identify([right, left], [], [], ACCOUNTS))
    assert found[left.ref][0] == found[right.ref][0]
    assert sorted(how for _, how in found.values()) == ["email", "new"]


def test_an_address_of_two_leads_is_for_a_person_to_decide() -> None:
    one, two = record("left", 1, key="k-1", email="a@x.example"), record("left", 2, key="k-2", email="a@x.example")
    new = record("right", 1, email="a@x.example")
    found = identify([new], [one, two], [link(one, "k-1"), link(two, "k-2")], ACCOUNTS)
    assert not found.links
    assert asked(found) == {new.ref}
    assert found.unclear[0].fingerprint == unclear("right", new.ref)


def test_twins_of_one_crm_are_both_left_alone() -> None:
    one, two = record("left", 1, email="a@x.example"), record("left", 2, email="a@x.example")
    found = identify([one, two], [], [], ACCOUNTS)
    assert not found.links
    assert asked(found) == {one.ref, two.ref}


def test_people_who_share_an_address_are_told_apart_by_their_keys() -> None:
    one, two = record("left", 1, key="k-1", email="a@x.example"), record("left", 2, key="k-2", email="a@x.example")
    found = who(identify([one], [], [], ACCOUNTS))
    assert found == {one.ref: ("k-1", "new")}
    both = identify([two, one], [], [], ACCOUNTS)
    assert set(who(both)) | asked(both) == {one.ref, two.ref}


def test_a_second_record_of_a_linked_lead_is_not_linked() -> None:
    linked, copy = record("left", 1, email="a@x.example"), record("left", 2, email="a@x.example")
    found = identify([copy], [linked], [link(linked, "lead-1")], ACCOUNTS)
    assert asked(found) == {copy.ref}


def test_a_copy_that_carries_our_key_is_not_linked() -> None:
    linked, copy = record("left", 1, own="lead-1"), record("left", 2, own="lead-1")
    assert asked(identify([copy], [linked], [link(linked, "lead-1")], ACCOUNTS)) == {copy.ref}


def test_who_was_deleted_does_not_come_back_by_itself() -> None:
    old, right = record("left", 1), record("right", 1, email="a@x.example")
    links = [link(old, "lead-1", "gone"), link(right, "lead-1")]
    back = record("left", 2, email="a@x.example")
    assert asked(identify([back], [right], links, ACCOUNTS)) == {back.ref}
    undeleted = record("left", 1, own="lead-1", email="a@x.example")
    assert asked(identify([undeleted], [right], links, ACCOUNTS)) == {undeleted.ref}


def test_a_record_that_was_converted_makes_way_for_its_heir() -> None:
    old = record("right", 1, own="lead-1")
    heir = record("right", 2, own="lead-1")
    found = identify([heir], [], [link(old, "lead-1", "moved")], ACCOUNTS)
    assert who(found) == {heir.ref: ("lead-1", "key")}


def test_a_record_without_any_key_is_counted_and_left_alone() -> None:
    found = identify([record("left", 1)], [], [], ACCOUNTS)
    assert (found.links, found.unclear, found.keyless) == ([], [], 1)


def test_the_id_of_a_new_lead_is_its_key_or_always_the_same_digest() -> None:
    keyed, plain = record("left", 1, key="k-1", email="a@x.example"), record("left", 2, email="a@x.example")
    assert lead_id(keyed, "account") == "k-1"
    assert lead_id(plain, "account") == lead_id(record("left", 2, email="changed@x.example"), "account")
    assert lead_id(plain, "account") != lead_id(plain, "another account")
    assert len(lead_id(plain, "account")) <= 64


# -- laws --------------------------------------------------------------------------------------------------------------

keys = st.sampled_from([None, "1", "2", "3"])


@st.composite
def populations(draw: st.DrawFn) -> tuple[list[Candidate], list[Candidate], list[Link]]:
    """Records with and without links, whose keys and addresses often collide."""
    new, known, links = [], [], []
    taken: set[tuple[str, str]] = set()
    for number in range(draw(st.integers(1, 7))):
        connection = draw(st.sampled_from(["left", "right"]))
        key, email = draw(keys), draw(keys)
        candidate = record(
            connection,
            number,
            own=draw(st.sampled_from([None, None, None, "lead-1", "lead-2"])),
            key=f"k-{key}" if key else None,
            email=f"{email}@x.example" if email else None,
        )
        status = draw(st.sampled_from(["new", "new", "live", "gone"]))
        lead = draw(st.sampled_from(["lead-1", "lead-2", "k-1"]))
        if status == "new" or (connection, lead) in taken:
            new.append(candidate)
        else:
            taken.add((connection, lead))
            links.append(link(candidate, lead, status))
            if status == "live":
                known.append(candidate)
    return new, known, links


@settings(max_examples=400)
@given(populations(), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(
    people: tuple[list[Candidate], list[Candidate], list[Link]], random: st.DataObject
) -> None:
    new, known, links = people
    one = identify(new, known, links, ACCOUNTS)
    for items in (new, known, links):
        random.shuffle(items)  # type: ignore[attr-defined]  # a random.Random
    two = identify(new, known, links, ACCOUNTS)
    assert (who(one), asked(one), one.keyless) == (who(two), asked(two), two.keyless)


@settings(max_examples=400)
@given(populations())
def test_no_lead_ever_has_two_live_records_in_one_crm(
    people: tuple[list[Candidate], list[Candidate], list[Link]],
) -> None:
    new, known, links = people
    found = identify(new, known, links, ACCOUNTS)
    holders: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for each in [*links, *(made for made, _ in found.links)]:
        if each.status != "moved":
            holders[each.connection, each.lead].append(each.ref)
    assert all(len(refs) == 1 for refs in holders.values())


@settings(max_examples=400)
@given(populations())
def test_every_record_is_linked_or_asked_about_or_keyless(
    people: tuple[list[Candidate], list[Candidate], list[Link]],
) -> None:
    new, known, links = people
    found = identify(new, known, links, ACCOUNTS)
    assert len(found.links) + len(found.unclear) + found.keyless == len(new)
    assert not set(who(found)) & asked(found)
