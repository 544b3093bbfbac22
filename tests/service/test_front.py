"""What is seen from outside: health, numbers, webhooks. Nothing of any record is ever in it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from leadbridge.adapter import Ref
from leadbridge.errors import AuthExpired, ConfigError, Forbidden, Unavailable
from leadbridge.memory.webhooks import webhook
from leadbridge.service import Journal
from leadbridge.service.front import Front, front
from leadbridge.service.journal import event
from leadbridge.service.lines import handler
from leadbridge.service.listener import Listener
from leadbridge.service.telling import Teller
from tests.service.conftest import Works, nothing
from tests.sync.conftest import person

ADDRESS = "https://hooks.acme.example/leadbridge"
CANARIES = ("Ada", "Number1", "person1@", "buyer1", "Buyer 1", "secret of left")


@pytest.fixture
def app(works: Works) -> Front:
    return front(works.service, address=ADDRESS)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the root logger writes, as JSON lines."""
    stream, root = io.StringIO(), logging.getLogger()
    made, level = handler("json", stream), root.level
    root.addHandler(made)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(made)
    root.setLevel(level)


def events(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def ask(app: Front, path: str, method: str = "GET", **more: object) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.request(method, path, **more)  # type: ignore[arg-type]  # what httpx takes

    return asyncio.run(send())


def numbers(app: Front) -> dict[tuple[str, str], float]:
    """Every sample, by its name and the values of its labels."""
    families = text_string_to_metric_families(ask(app, "/metrics").text)
    return {(each.name, "/".join(each.labels.values())): each.value for family in families for each in family.samples}


def down(works: Works, times: int) -> None:
    works.right.crm.fail(Unavailable("down"), operation="describe", times=times)


def test_health_says_503_while_a_crm_is_down_for_some_intervals_and_200_again_afterwards(
    works: Works, app: Front
) -> None:
    works.run()
    assert (ask(app, "/healthz").status_code, ask(app, "/healthz").json()["status"]) == (200, "ok")
    works.clock.advance(timedelta(minutes=1))
    down(works, 5)
    works.run()
    assert ask(app, "/healthz").status_code == 200
    works.run(nothing, nothing, nothing)
    answer = ask(app, "/healthz")
    assert answer.status_code == 503
    assert answer.json()["reason"] == "no good round since 2026-03-02T09:00:00.000Z: right: Unavailable (provider_down)"
    assert answer.json()["last_good_round"] == "2026-03-02T09:00:00.000Z"
    works.run(nothing, nothing)
    assert ask(app, "/healthz").status_code == 200


def test_health_says_at_once_that_a_person_is_needed(works: Works, app: Front) -> None:
    works.left.crm.fail(AuthExpired("reconnect"), times=1)
    works.run()
    assert ask(app, "/healthz").json()["reason"] == "a person is needed: left: AuthExpired (reconnect)"
    works.run()
    assert ask(app, "/healthz").status_code == 200


def test_a_service_that_stands_still_is_not_well_and_one_that_reads_for_hours_is(works: Works, app: Front) -> None:
    works.clock.advance(timedelta(minutes=2))
    assert ask(app, "/healthz").status_code == 200
    for _ in range(100):
        works.clock.advance(timedelta(minutes=2))
        works.service.health.beat()
        assert ask(app, "/healthz").status_code == 200
    works.clock.advance(timedelta(minutes=4))
    answer = ask(app, "/healthz")
    assert (answer.status_code, answer.json()["last_good_round"]) == (503, None)
    assert answer.json()["reason"].endswith("nothing moves")


def test_metrics_count_what_was_done_and_say_how_far_behind_it_is(works: Works, app: Front) -> None:
    works.left.crm.seed("person", [person(1), person(2)])
    works.run(nothing)
    works.clock.advance(timedelta(seconds=30))
    found = numbers(app)
    assert found["leadbridge_turns_total", "ok"] == 2
    assert found["leadbridge_records_read_total", "left"] >= 2
    assert found["leadbridge_writes_total", "right/applied"] >= 2
    assert found["leadbridge_api_calls_total", "right"] == works.right.calls
    assert found["leadbridge_connection_up", "left"] == found["leadbridge_healthy", ""] == 1
    assert found["leadbridge_quarantine", ""] == 0
    assert found["leadbridge_turn_seconds_count", ""] == 2
    assert found["leadbridge_watermark_lag_seconds", "left/person"] == 30
    down(works, 1)
    works.run()
    found = numbers(app)
    assert (found["leadbridge_turns_total", "failed"], found["leadbridge_connection_up", "right"]) == (1, 0)


def test_a_webhook_brings_the_next_turn_forward_and_only_one_that_is_signed(works: Works, app: Front) -> None:
    works.run()
    (ref,) = works.left.crm.seed("person", [person(1)])

    def post(secret: str) -> int:
        headers, body = webhook(secret, f"{ADDRESS}/left", [ref])
        return ask(app, "/hooks/left", "POST", headers=headers, content=body).status_code

    codes: list[int] = []
    works.run(lambda: codes.append(post("guessed")), lambda: codes.append(post(works.left.crm.secret)))
    starts = [turn.started for turn in works.turns[1:]]
    assert codes == [403, 204]
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert gaps == [timedelta(seconds=60), timedelta(seconds=5)]
    assert works.bridge.store.hints("left") == {}
    assert numbers(app)["leadbridge_hints_total", "left"] == 1


def test_there_is_nothing_else_to_be_found(works: Works, app: Front) -> None:
    assert ask(app, "/").status_code == ask(app, "/hooks").status_code == ask(app, "/hooks/nobody").status_code == 404
    assert ask(app, "/metrics", "POST").status_code == ask(app, "/healthz", "DELETE").status_code == 405
    without = front(works.service)
    assert ask(without, "/hooks/left", "POST").status_code == 404
    with pytest.raises(ConfigError, match="how CRMs reach us"):
        front(works.service, address="hooks.acme.example")


def test_a_port_answers_while_the_block_runs_and_a_taken_one_is_refused(app: Front) -> None:
    with Listener(app) as listener:
        assert httpx.get(f"{listener.base_url}/healthz").status_code == 200
        taken = int(listener.base_url.rpartition(":")[2])
        with pytest.raises(ConfigError, match="choose another"), Listener(app, port=taken):
            pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{listener.base_url}/healthz")


def test_each_verb_is_an_event_and_a_problem_is_said_once(works: Works, log: io.StringIO) -> None:
    works.service.watch(Journal())
    works.left.crm.seed("person", [person(1)])
    works.run()
    verbs = [each["event"] for each in events(log)]
    assert {"pull", "decide", "record", "deliver", "turn"} <= set(verbs)
    assert verbs[-1] == "turn"
    works.left.crm.fail(AuthExpired("reconnect this connection"), times=3)
    works.run(nothing, nothing, nothing)
    problems = [each for each in events(log) if each["event"] in ("problem", "recovered")]
    assert [(each["event"], each["connection"]) for each in problems] == [("problem", "left"), ("recovered", "left")]
    assert (problems[0]["level"], problems[0]["needs_a_person"], problems[0]["alert"]) == ("error", True, "reconnect")


def test_no_name_address_or_secret_is_in_the_log_the_metrics_or_the_health(
    works: Works, app: Front, log: io.StringIO
) -> None:
    works.service.watch(Journal())
    works.left.crm.seed("person", [person(1)])
    refs = [Ref("person", "person1@buyer1.example")]
    works.right.crm.fail(Forbidden("grant it"), operation="apply")
    headers, body = webhook(works.left.crm.secret, f"{ADDRESS}/left", refs)
    works.run(nothing, lambda: ask(app, "/hooks/left", "POST", headers=headers, content=body), nothing)
    works.clock.advance(timedelta(hours=9))
    works.run()
    logging.getLogger("httpx").info("GET https://crm.example/person1@buyer1.example")
    logging.getLogger("httpx").warning("GET https://crm.example/person1@buyer1.example")
    seen = log.getvalue() + ask(app, "/metrics").text + ask(app, "/healthz").text
    assert "escalate" in seen
    assert [word for word in CANARIES if word in seen] == []
    assert sum(each["logger"] == "httpx" for each in events(log)) == 1


def test_an_exception_in_the_log_is_its_class_and_place(log: io.StringIO) -> None:
    try:
        raise ValueError("person1@buyer1.example")
    except ValueError:
        logging.getLogger("leadbridge.somewhere").exception("something went wrong")
    (line,) = events(log)
    assert str(line["exception"]).startswith("ValueError at test_front.py:")
    assert "buyer1" not in log.getvalue()


def test_a_line_for_people_says_the_same() -> None:
    stream = io.StringIO()
    made = handler("text", stream)
    record = logging.LogRecord("leadbridge.service", logging.INFO, "", 0, "%s %s", ("pull", "connection=hs"), None)
    made.handle(record)
    assert stream.getvalue().endswith("Z info pull connection=hs\n")


def test_a_program_is_told_each_alert_once_and_may_fail(works: Works, log: io.StringIO, tmp_path: object) -> None:
    place = f"{tmp_path}/told"
    script = f"import sys; open({place!r}, 'ab').write(sys.stdin.buffer.read() + b'\\n')"
    works.service.watch(Teller(f'{sys.executable} -c "{script}"'))
    works.service.watch(Teller(f'{sys.executable} -c "raise SystemExit(3)"'))
    works.service.watch(Teller("/nowhere/tell"))
    works.left.crm.seed("person", [person(1)])
    works.run()
    works.clock.advance(timedelta(hours=9))
    works.run(nothing)
    with open(place, encoding="utf-8") as file:  # noqa: PTH123  # one line
        told = [json.loads(line) for line in file]
    assert [(each["policy"], each["target"], each["tier"]) for each in told] == [("answer", "accept", "due")]
    codes = [each["code"] for each in events(log) if each["event"] == "told"]
    assert codes == [0, 3, 127]
    with pytest.raises(ConfigError, match="is a command"):
        Teller("'")


def test_an_event_needs_nothing_to_say(log: io.StringIO) -> None:
    event("end")
    assert [each["event"] for each in events(log)] == ["end"]
