"""The information duty: what is promised, what is there, and the score of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.domain.fact_codec import decode, encode
from leadbridge.domain.facts import HandoffOffered
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.package import Completeness, Package, SpecialPackage, package_for
from tests.domain.told import START, fact

NAMES = st.sampled_from(["email", "phone", "title", "company", "country", "source"])
PACKAGES = st.builds(
    Package,
    required=st.lists(NAMES).map(tuple),
    optional=st.lists(NAMES).map(tuple),
    one_of=st.lists(st.lists(NAMES, min_size=1).map(tuple)).map(tuple),
)


def test_a_group_is_kept_by_any_one_of_its_fields() -> None:
    package = Package(required=("company",), one_of=(("phone", "email"),))
    assert package.contents({"company", "email"}).missing == ()
    assert package.contents({"company"}).missing == ("phone or email",)
    assert package.contents({"email", "title"}).present == ("email",)


def test_completeness_counts_fields_and_groups_alike_and_optional_fields_apart() -> None:
    package = Package(required=("company", "title"), one_of=(("phone", "email"),), optional=("country", "industry"))
    done = package.completeness({"company", "phone", "country"})
    assert done is not None
    assert (done.share, done.present, done.missing, done.optional) == (2 / 3, 2, ("title",), 0.5)
    assert str(done) == "2 of 3 promised pieces of information were there; missing: title"


def test_where_nothing_is_promised_there_is_no_completeness_rather_than_a_perfect_one() -> None:
    assert Package(optional=("title",)).completeness({"title"}) is None
    assert Package(required=("title",)).completeness(()) == Completeness(1, ("title",))


@given(PACKAGES, st.sets(NAMES), NAMES)
def test_one_more_field_never_makes_a_package_less_complete(package: Package, known: set[str], more: str) -> None:
    before, after = package.completeness(known), package.completeness({*known, more})
    if before is None or after is None:
        assert before is after
    else:
        assert 0 <= before.share <= after.share <= 1


@given(PACKAGES, st.sets(NAMES))
def test_a_package_is_complete_when_nothing_is_missing_and_only_then(package: Package, known: set[str]) -> None:
    done, contents = package.completeness(known), package.contents(known)
    assert set(contents.present) <= known
    assert done is None or (done.share == 1) == (not contents.missing)


def test_the_first_package_that_fits_the_source_and_the_receiver_is_used() -> None:
    default = Package(required=("email",))
    fair = SpecialPackage(sources=("fair",), required=("phone",))
    partner = SpecialPackage(to="partner", required=("country",))
    both = (fair, partner)
    assert package_for(both, default, "fair", "partner") is fair
    assert package_for(both, default, "web", "partner") is partner
    assert package_for(both, default, None, "sales") is default
    assert package_for(both, default, "Fair", "sales") is default


@given(st.sampled_from([None, "a", "b"]), st.sampled_from(["sales", "partner"]))
def test_a_package_that_covers_another_fits_whatever_the_other_fits(source: str | None, to: str) -> None:
    conditions = [((), None), (("a",), None), (("a", "b"), None), ((), "sales"), (("a",), "sales"), (("b",), "partner")]
    packages = [SpecialPackage(sources=sources, to=receiver) for sources, receiver in conditions]
    for one in packages:
        for other in packages:
            if one.covers(other) and other.fits(source, to):
                assert one.fits(source, to)


def test_the_fact_of_an_offer_keeps_how_much_was_promised_that_day() -> None:
    offered = fact(HandoffOffered, handoff="h1", package=("email",), missing=("phone or title",), promised=2)
    envelope = {"lead": "L1", "occurred_at": START, "recorded_at": START}
    assert decode("HandoffOffered", 1, envelope, encode(offered)) == offered
    (trail,) = LeadHistory.fold([offered]).handoffs
    assert trail.completeness is not None
    assert trail.completeness.share == 0.5


def test_an_offer_whose_promise_nobody_counted_has_no_completeness() -> None:
    (trail,) = LeadHistory.fold([fact(HandoffOffered, handoff="h1", missing=("email",))]).handoffs
    assert trail.completeness is None
