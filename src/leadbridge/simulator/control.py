"""The control API: what another process or another language does with a simulator, as JSON over HTTP.

Under ``/_control/``: ``GET`` or ``POST clock`` (``{"advance": seconds}`` or ``{"set": instant}``) · ``GET`` or
``DELETE requests`` · ``GET``, ``POST`` or ``DELETE faults`` (the fields of :class:`~leadbridge.simulator.Fault`) ·
``GET dump/{kind}`` · ``POST seed`` (``{"kind", "rows"}``) · ``POST edit`` (``{"ref", "fields"}``) · ``POST assign``
(``{"ref", "owner"}``) · ``POST convert``, ``win``, ``delete`` (``{"ref", …}``) · ``POST merge`` (``{"winner",
"loser"}``) · ``POST reset``, and what a vendor's simulator adds. A ref is ``{"kind": …, "id": …}``, alone and as the
value of a field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from leadbridge.adapter import Ref, Value
from leadbridge.clock import Clock, ManualClock, iso, parse_iso
from leadbridge.errors import ConfigError, LeadbridgeError
from leadbridge.simulator.faults import Fault, FaultQueue
from leadbridge.simulator.requests import RequestLog, SeenRequest
from leadbridge.simulator.simulator import Crm

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

__all__ = ["Control", "control_routes"]

Body: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Control:
    """What the control API works on.

    Attributes:
        crm: the back door.
        reset: begins anew.
        more: further commands by their name in the path, each with the JSON that was posted. They may wait for others.
    """

    crm: Crm
    reset: Callable[[], None]
    more: Mapping[str, Callable[[Body], object]] = field(default_factory=dict)


def control_routes(control: Control, *, clock: Clock, faults: FaultQueue, log: RequestLog) -> list[Route]:
    """The routes of the control API."""
    from starlette.routing import Route

    def reset(_: Body) -> None:
        faults.clear()
        log.clear()
        control.reset()

    posts: dict[str, Callable[[Body], object]] = {
        **_crm_commands(control.crm),
        **control.more,
        "faults": lambda body: faults.add(Fault(**body)),
        "clock": lambda body: _move(clock, body),
        "reset": reset,
    }
    gets: dict[str, Callable[[Body], object]] = {
        "dump/{kind}": lambda path: control.crm.dump(path["kind"]),
        "requests": lambda _: [_seen(request) for request in log.entries],
        "faults": lambda _: {"pending": faults.pending},
        "clock": lambda _: {"now": iso(clock.now())},
    }
    clears: dict[str, Callable[[Body], object]] = {
        "requests": lambda _: log.clear(),
        "faults": lambda _: faults.clear(),
    }
    return [
        Route(f"/_control/{path}", _handler(command), methods=[method])
        for method, commands in (("POST", posts), ("GET", gets), ("DELETE", clears))
        for path, command in commands.items()
    ]


def _crm_commands(crm: Crm) -> dict[str, Callable[[Body], object]]:
    def convert(body: Body) -> Ref:
        return crm.convert(
            _ref(body["ref"]),
            owner=body.get("owner"),
            opportunity=body.get("opportunity"),
            amount=body.get("amount"),
        )

    def win(body: Body) -> None:
        on = body.get("on")
        crm.win(_ref(body["ref"]), on=date.fromisoformat(on) if on else None, amount=body.get("amount"))

    return {
        "seed": lambda body: crm.seed(body["kind"], [_fields(row) for row in body["rows"]]),
        "edit": lambda body: crm.edit(_ref(body["ref"]), _fields(body["fields"])),
        "assign": lambda body: crm.assign(_ref(body["ref"]), body["owner"]),
        "convert": convert,
        "win": win,
        "delete": lambda body: crm.delete(_ref(body["ref"])),
        "merge": lambda body: crm.merge(_ref(body["winner"]), _ref(body["loser"])),
    }


def _handler(command: Callable[[Body], object]) -> Callable[[Request], Any]:
    async def handle(request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import JSONResponse

        try:
            body: Body = await request.json() if await request.body() else {}
            # Beside the loop: what a command waits for may ask this server something.
            result = await run_in_threadpool(command, {**body, **request.path_params})
        except (LeadbridgeError, ValueError, KeyError, TypeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        return JSONResponse(_plain(result))

    return handle


def _move(clock: Clock, body: Body) -> dict[str, str]:
    if not isinstance(clock, ManualClock):
        raise ConfigError("this simulator runs on the computer's clock: start it with a manual one to move it")
    if "set" in body:
        return {"now": iso(clock.set(parse_iso(body["set"])))}
    return {"now": iso(clock.advance(timedelta(seconds=float(body["advance"]))))}


def _seen(seen: SeenRequest) -> dict[str, object]:
    return {
        "method": seen.method,
        "path": seen.path,
        "query": seen.query,
        "status": seen.status,
        "at": iso(seen.at),
    }


def _ref(data: Body) -> Ref:
    return Ref(str(data["kind"]), str(data["id"]))


def _fields(data: Body) -> dict[str, Value]:
    return {name: _value(value) for name, value in data.items()}


def _value(data: Any) -> Value:
    if isinstance(data, dict):
        return _ref(data)
    if isinstance(data, list):
        return tuple(_ref(item) if isinstance(item, dict) else str(item) for item in data)
    if data is None or isinstance(data, (str, int, float, bool)):
        return data
    raise ConfigError("the value of a field is a JSON scalar, a ref or a list of strings or refs")


def _plain(value: object) -> Any:
    if isinstance(value, Ref):
        return {"kind": value.kind, "id": value.id}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
