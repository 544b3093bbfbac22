"""How commands end when something goes wrong: one message with the way out, the documented code, nothing lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadbridge import errors
from leadbridge.cli import failures, output
from leadbridge.cli.failures import worst
from leadbridge.simulator import Fault
from tests.cli.conftest import Shop

DOCS = Path(__file__).parents[2] / "docs/how-to/command-line.md"

FAULTS = [
    pytest.param(Fault(effect="status", status=401, times=99), 4, id="401"),
    pytest.param(Fault(effect="status", status=403, times=99), 4, id="403"),
    pytest.param(Fault(effect="status", status=429, times=99), 5, id="429"),
    pytest.param(Fault(effect="status", status=500, times=99), 5, id="500"),
    pytest.param(Fault(effect="html", times=99), 5, id="html"),
    pytest.param(Fault(effect="empty", times=99), 5, id="empty"),
    pytest.param(Fault(effect="drop_before", times=99), 5, id="dropped"),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS)
@pytest.mark.parametrize("side", ["hubspot", "salesforce"])
def test_a_crm_in_trouble_is_one_message_and_a_later_run_carries_on(
    shop: Shop, side: str, fault: Fault, code: int
) -> None:
    shop.market(4)
    crm = shop.hubspot if side == "hubspot" else shop.salesforce
    crm.faults.add(fault)
    ran = shop.run("sync", "--json")
    assert ran.code == ran.json["exit_code"] == code
    ((name, failure),) = ran.json["failed"].items()
    message = failure["message"]
    assert name == {"hubspot": "hs", "salesforce": "sf"}[side]
    assert re.search(r"[:;] \w", message), f"no way out in: {message}"
    assert message in ran.err
    assert ran.err.count("error: ") == 1
    assert "Traceback" not in ran.err
    assert shop.run("check").code == code
    crm.faults.clear()
    assert shop.run("sync").code == 0
    assert len(shop.salesforce.crm.dump("Lead")) == 2


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(Fault(effect="status", status=403, path="composite|sobjects/Lead", method="POST", times=99), 4),
        pytest.param(Fault(effect="status", status=503, path="composite|sobjects/Lead", method="POST", times=99), 5),
    ],
)
def test_a_sync_that_fails_on_one_side_says_which_and_keeps_the_rest(shop: Shop, fault: Fault, code: int) -> None:
    shop.market(4)
    shop.salesforce.faults.add(fault)
    ran = shop.run("sync")
    shop.salesforce.faults.clear()
    again = shop.run("sync", "--json")
    assert ran.code == code
    assert "error: sf" in ran.err
    assert again.code == 0
    assert again.json["quiet"] is True
    assert len(shop.salesforce.crm.dump("Lead")) == 2


def test_a_lost_answer_exits_with_try_later_and_makes_nobody_twice(shop: Shop) -> None:
    shop.market(4)
    text = (shop.folder / "leadbridge.toml").read_text("utf-8").replace("grace_seconds = 0", "grace_seconds = 3600")
    (shop.folder / "leadbridge.toml").write_text(text, encoding="utf-8")
    shop.salesforce.faults.add(Fault(effect="drop_after", path="composite/sobjects/Lead|composite/sobjects", times=9))
    ran = shop.run("sync", "--json")
    shop.salesforce.faults.clear()
    assert (ran.code, ran.json["in_doubt"]) == (5, 2)
    (shop.folder / "leadbridge.toml").write_text(text.replace("3600", "0"), encoding="utf-8")
    assert shop.run("sync").code == 0
    assert len(shop.salesforce.crm.dump("Lead")) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("at: marketing_qualified", "at: marketing_qualifed", "marketing_qualified"),
        ("code_of_nothing", "", ""),
        ("version: 1", "version: one", "whole number"),
    ],
)
def test_a_wrong_agreement_is_refused_with_its_line(shop: Shop, old: str, new: str, said: str) -> None:
    path = shop.folder / "agreement.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace(old, new) if new else text + "\nfrobs: 1\n", encoding="utf-8")
    for command in (("agreement", "check"), ("plan",), ("check", "--json")):
        ran = shop.run(*command)
        assert ran.code == 2
        assert re.search(r"line \d+: .* → ", ran.err)
        assert said in ran.err
    problem = shop.run("agreement", "check", "--json").json["problems"][0]
    assert set(problem) == {"message", "remedy", "path", "line"}


def test_missing_settings_say_how_to_get_them(bare: Shop) -> None:
    for command in ("plan", "sync", "provision", "check"):
        ran = bare.run(command)
        assert ran.code == 2
        assert "leadbridge init" in ran.err
    named = bare.run("plan", "--config", "other.toml")
    assert named.code == 2
    assert "other.toml" in named.err
    assert list(bare.folder.iterdir()) == []


def test_a_missing_secret_is_named_with_its_variable(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEADBRIDGE_HS_TOKEN")
    ran = shop.run("plan", "--json")
    assert (ran.code, ran.json["alert"]) == (2, "config")
    assert "connection hs: " in ran.err
    assert "LEADBRIDGE_HS_TOKEN" in ran.err


def test_an_adapter_that_is_not_installed_comes_with_the_command_that_installs_it(shop: Shop) -> None:
    (shop.folder / "leadbridge.toml").write_text('[connections.pd]\nadapter = "pipedrive"\n', encoding="utf-8")
    ran = shop.run("plan")
    assert ran.code == 2
    assert "pip install" in ran.err


def test_a_damaged_database_is_the_databases_problem(shop: Shop) -> None:
    (shop.folder / "leadbridge.db").write_bytes(b"this is no database, and long enough to be looked at" * 50)
    ran = shop.run("plan")
    assert ran.code == 6
    assert ran.err.startswith("error: ")


def test_no_command_ever_shows_a_secret(shop: Shop) -> None:
    secrets = [str(getattr(each, "token", "")) for each in (shop.hubspot, shop.salesforce)]
    shop.market(4)
    shown = ""
    for line in ("doctor", "doctor --json", "check", "plan", "plan --json", "sync", "clocks", "metrics funnel"):
        ran = shop.run("--debug", *line.split())
        shown += ran.out + ran.err
    shop.hubspot.faults.add(Fault(effect="status", status=401, times=99))
    ran = shop.run("--debug", "plan")
    shown += ran.out + ran.err
    assert "Traceback" in ran.err
    assert all(secrets)
    assert [secret for secret in secrets if secret in shown] == []


def test_an_interrupted_command_says_that_the_next_one_carries_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("leadbridge.bridge.Bridge.sync", interrupt)
    ran = shop.run("sync")
    assert ran.code == 130
    assert "the next run carries on" in ran.err


def test_what_needs_a_person_comes_before_what_needs_time() -> None:
    assert worst([5, 4, 0]) == 4
    assert worst([0, 5]) == 5
    assert worst([]) == 0


def test_a_bug_is_told_by_its_place_and_never_by_its_content(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise KeyError("ada@buyer.example")
    except KeyError as error:
        failures.unexpected(type(error), error, error.__traceback__)
    said = capsys.readouterr().err
    assert "unexpected KeyError at test_failures.py:" in said
    assert "leadbridge --debug" in said
    assert "ada@" not in said


def test_every_exit_code_of_an_error_is_documented() -> None:
    codes = {
        each.exit_code
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, Exception) and hasattr(each, "exit_code")
    }
    documented = {int(code) for code in re.findall(r"^\| `(\d+)` \|", DOCS.read_text("utf-8"), re.MULTILINE)}
    assert documented == codes | {0, failures.INTERRUPTED}
    assert failures.__doc__ is not None
    assert {int(code) for code in re.findall(r"^(\d+) ", failures.__doc__, re.MULTILINE)} == documented


def test_a_person_at_the_terminal_is_one_who_can_read_and_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert output.interactive() is False
