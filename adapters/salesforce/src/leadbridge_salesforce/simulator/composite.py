"""Composite requests: several in one, that may refer to each other; as a batch, or as graphs that hold together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Refusal

__all__ = ["batch", "graphs"]

Dispatch: TypeAlias = Callable[[Org, Call], Answer]

_MOST = 25
_MOST_QUERIES = 5
_MOST_GRAPHS = 75
_MOST_NODES = 500
_COLLATED_SINCE = 49.0
_ROOT = re.compile(r"^/services/data/v\d+\.\d")
_REFERENCE = re.compile(r"@\{([\w.\[\]]+)\}")
_FEW = re.compile(r"/(?:query|queryAll|composite/sobjects)\b")


def batch(org: Org, call: Call, dispatch: Dispatch) -> Answer:
    """``POST /composite``: up to 25 requests, of which five may be queries or collections; always 200.

    Since version 49 requests that do not refer to each other run in any order, unless ``collateSubrequests`` is false.
    """
    body = call.record()
    requests = _requests(body.get("compositeRequest"), _MOST)
    if sum(bool(_FEW.search(str(request.get("url", "")))) for request in requests) > _MOST_QUERIES:
        raise Refusal(
            400, "LIMIT_EXCEEDED", f"The number of query and collection subrequests is limited to {_MOST_QUERIES}"
        )
    collated = bool(body.get("collateSubrequests", float(call.version) >= _COLLATED_SINCE))
    order = _shuffled(org, requests) if collated and org.switches.shuffle else list(range(len(requests)))
    answers = _run(org, call, dispatch, requests, order, whole=bool(body.get("allOrNone")))
    return Answer(body={"compositeResponse": answers})


def graphs(org: Org, call: Call, dispatch: Dispatch) -> Answer:
    """``POST /composite/graph``: up to 75 graphs of 500 requests together; each succeeds or fails as one."""
    listed = call.record().get("graphs")
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_GRAPHS:
        raise Refusal(400, "INVALID_INPUT", f"The number of graphs must be from 1 to {_MOST_GRAPHS}")
    every = [_requests(graph.get("compositeRequest"), _MOST_NODES) for graph in listed]
    if sum(map(len, every)) > _MOST_NODES:
        raise Refusal(400, "LIMIT_EXCEEDED", f"The number of subrequests of all graphs is limited to {_MOST_NODES}")
    told = []
    for graph, requests in zip(listed, every, strict=True):
        answers = _run(org, call, dispatch, requests, list(range(len(requests))), whole=True)
        fine = all(answer["httpStatusCode"] < 300 for answer in answers)
        told.append(
            {
                "graphId": str(graph.get("graphId", "")),
                "graphResponse": {"compositeResponse": answers},
                "isSuccessful": fine,
            }
        )
    return Answer(body={"graphs": told})


def _requests(listed: Any, most: int) -> list[Mapping[str, Any]]:
    if not isinstance(listed, list) or not 0 < len(listed) <= most:
        raise Refusal(400, "INVALID_INPUT", f"The number of subrequests must be from 1 to {most}")
    names = [str(request.get("referenceId", "")) for request in listed]
    if len(set(names)) != len(names):
        raise Refusal(400, "INVALID_INPUT", "Each subrequest needs a referenceId of its own")
    return listed


def _shuffled(org: Org, requests: Sequence[Mapping[str, Any]]) -> list[int]:
    """Places of the requests in an order in which each comes behind those that it refers to."""
    names = {str(request.get("referenceId", "")): place for place, request in enumerate(requests)}
    needs = [
        {names[name] for name in re.findall(r"@\{(\w+)", f"{request.get('url')}{request.get('body')}") if name in names}
        for request in requests
    ]
    order: list[int] = []
    left = set(range(len(requests)))
    while left:
        ready = sorted(place for place in left if not needs[place] & left) or sorted(left)
        chosen = org.random.choice(ready)
        order.append(chosen)
        left.discard(chosen)
    return order


def _run(
    org: Org,
    call: Call,
    dispatch: Dispatch,
    requests: Sequence[Mapping[str, Any]],
    order: Sequence[int],
    *,
    whole: bool,
) -> list[dict[str, Any]]:
    """The answers in the order of the requests; with ``whole`` one failure takes all the others back."""
    known: dict[str, Any] = {}
    answers: dict[int, Answer] = {}
    with org.attempt() as roll_back:
        for place in order:
            answers[place] = answer = _one(org, call, dispatch, requests[place], known)
            if whole and answer.status >= 300:
                roll_back()
                for other in range(len(requests)):
                    if other != place:
                        answers[other] = _HALTED
                break
            if answer.status < 300:
                known[str(requests[place].get("referenceId", ""))] = answer.body
    return [
        {
            "body": answers[place].body,
            "httpHeaders": {},
            "httpStatusCode": answers[place].status,
            "referenceId": str(request.get("referenceId", "")),
        }
        for place, request in enumerate(requests)
    ]


_HALTED = Answer(
    400,
    [
        {
            "errorCode": "PROCESSING_HALTED",
            "message": "The transaction was rolled back since another operation in the same transaction failed.",
        }
    ],
)


def _one(org: Org, call: Call, dispatch: Dispatch, request: Mapping[str, Any], known: Mapping[str, Any]) -> Answer:
    try:
        parts = urlsplit(_filled(str(request.get("url", "")), known))
        more = {name.lower(): str(value) for name, value in (request.get("httpHeaders") or {}).items()}
        inner = Call(
            str(request.get("method", "GET")).upper(),
            _ROOT.sub("", parts.path),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            _deep(request.get("body") or {}, known),
            {**call.headers, **more},
            call.version,
        )
        return dispatch(org, inner)
    except Refusal as refusal:
        return Answer(refusal.status, refusal.body())


def _filled(text: str, known: Mapping[str, Any]) -> str:
    """References such as ``@{first.id}``, replaced by what an earlier answer holds."""

    def one(match: re.Match[str]) -> str:
        value: Any = known
        for part in re.findall(r"\w+", match[1]):
            try:
                value = value[int(part)] if isinstance(value, list) else value[part]
            except (KeyError, IndexError, TypeError, ValueError):
                raise Refusal(400, "PROCESSING_HALTED", "Invalid reference specified") from None
        return str(value)

    return _REFERENCE.sub(one, text)


def _deep(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return _filled(value, known)
    if isinstance(value, list):
        return [_deep(item, known) for item in value]
    if isinstance(value, Mapping):
        return {name: _deep(item, known) for name, item in value.items()}
    return value
