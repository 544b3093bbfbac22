"""quarantine: what waits, by class; one of them; trying again."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shop


@pytest.fixture
def stuck(shop: Shop) -> Shop:
    """Two contacts look like two leads: nobody can say who is who."""
    rows = [{"email": f"twin{n}@buyer.example", "lifecyclestage": "marketingqualifiedlead"} for n in range(2)]
    shop.hubspot.crm.seed("contact", rows)
    leads = [{"LastName": "A", "Company": "B", "Email": "twin0@buyer.example"} for _ in range(2)]
    shop.salesforce.crm.seed("Lead", leads)
    assert shop.run("sync", "--yes-really", shop.run("plan", "--json").json["hash"]).code == 0
    return shop


def test_what_waits_has_an_id_a_class_a_field_a_reason_and_a_remedy(stuck: Shop) -> None:
    waiting = stuck.run("quarantine", "--json").json
    assert waiting
    for each in waiting:
        assert each["class"] in ("transient", "data", "permission", "conflict", "unknown")
        assert all(each[name] for name in ("id", "connection", "kind", "record", "subject", "reason", "remedy"))
    assert waiting[0]["id"][:8] in stuck.run("quarantine").out
    classes = {each["class"] for each in waiting}
    for name in classes:
        assert all(each["class"] == name for each in stuck.run("quarantine", "--class", name, "--json").json)


def test_one_thing_is_shown_by_the_beginning_of_its_id(stuck: Shop) -> None:
    first = stuck.run("quarantine", "--json").json[0]
    assert stuck.run("quarantine", "show", first["id"][:8], "--json").json == first
    shown = stuck.run("quarantine", "show", first["id"])
    assert first["remedy"][:20] in shown.out
    assert stuck.run("quarantine", "show", "zzzzzzzz").code == 2


def test_what_is_released_is_tried_again_and_waits_again_when_nothing_is_better(stuck: Shop) -> None:
    waiting = stuck.run("quarantine", "--json").json
    released = stuck.run("quarantine", "release", waiting[0]["id"][:10], "--json")
    assert released.json == {"released": 1}
    assert len(stuck.run("quarantine", "--json").json) == len(waiting) - 1
    assert stuck.run("sync").code == 0
    assert {each["id"] for each in stuck.run("quarantine", "--json").json} == {each["id"] for each in waiting}
    name = waiting[0]["class"]
    number = sum(each["class"] == name for each in waiting)
    assert f"{number} released" in stuck.run("quarantine", "release", "--all-of", name).out
    assert stuck.run("quarantine", "--class", name, "--json").json == []


@pytest.mark.parametrize("words", [[], ["3f9ac01b", "--all-of", "data"], ["--all-of", "frobs"], ["zzzzzzzz"]])
def test_what_is_to_be_released_has_to_be_said(stuck: Shop, words: list[str]) -> None:
    assert stuck.run("quarantine", "release", *words).code == 2
