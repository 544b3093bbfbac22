"""Webhooks: what HubSpot signs is believed, nothing else, and only as a hint of what to fetch."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadbridge.adapter import Hints, Ref
from leadbridge.clock import ManualClock, SystemClock, to_us
from leadbridge.errors import BadRequest, ConfigError, Forbidden
from leadbridge_hubspot import HubSpot
from leadbridge_hubspot.webhooks import Webhooks, refs_in, sign

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = "a7c1-client-secret"
URL = "https://hooks.acme.example/leadbridge/hs?source=hubspot"
EVENT = {"eventId": 1, "portalId": 62515, "subscriptionType": "contact.creation", "objectId": 123, "attemptNumber": 0}
BODY = json.dumps([EVENT]).encode()


def stamp(moment: datetime = NOW) -> str:
    return str(to_us(moment) // 1000)


def independent(secret: str, method: str, url: str, body: bytes, time: str) -> str:
    """The signature as RFC 2104 spells it out, without the helper that the adapter uses."""
    key = secret.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + f"{method}{url}".encode() + body + time.encode())
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner.digest())
    return base64.b64encode(outer.digest()).decode()


def headers(body: bytes = BODY, *, url: str = URL, secret: str = SECRET, time: str | None = None) -> dict[str, str]:
    time = time if time is not None else stamp()
    signature = independent(secret, "POST", url, body, time)
    return {
        "X-HubSpot-Signature-v3": signature,
        "x-hubspot-request-timestamp": time,
        "Content-Type": "application/json",
    }


def webhooks(**more: Any) -> Webhooks:
    return Webhooks(SECRET, ManualClock(NOW), **more)


def hints(sent: dict[str, str], *, url: str = URL, body: bytes = BODY, **more: Any) -> list[Ref]:
    return webhooks(**more).hints(method="POST", url=url, headers=sent, body=body)


def test_what_hubspot_signed_names_its_records() -> None:
    assert hints(headers()) == [Ref("contact", "123")]


def test_signatures_are_those_of_hubspots_own_client() -> None:
    from hubspot.utils.signature import Signature

    theirs = Signature.get_signature(SECRET, BODY.decode(), "v3", URL, "POST", stamp())
    assert sign(SECRET, "post", URL, BODY, stamp()) == theirs


def test_the_published_example_of_the_first_signature_holds() -> None:
    """https://developers.hubspot.com/docs/faq/v1-request-validation, with its own body and hash."""
    secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
    body = (
        b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":'
        b'"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]'
    )
    sent = {
        "X-HubSpot-Signature": "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de",
        "X-HubSpot-Signature-Version": "v1",
    }
    accepting = Webhooks(secret, ManualClock(NOW), accept_v1=True)
    assert accepting.hints(method="POST", url="", headers=sent, body=body) == [Ref("contact", "123")]
    with pytest.raises(Forbidden, match="version 3"):
        Webhooks(secret, ManualClock(NOW)).hints(method="POST", url="", headers=sent, body=body)
    with pytest.raises(Forbidden, match="wrong"):
        accepting.hints(method="POST", url="", headers=sent, body=body + b" ")
    with pytest.raises(Forbidden, match="version 3"):
        accepting.hints(method="POST", url="", headers={**sent, "X-HubSpot-Signature-Version": "v2"}, body=body)


def test_where_the_first_signature_is_accepted_a_wrong_third_one_is_still_refused() -> None:
    first = hashlib.sha256(SECRET.encode() + BODY).hexdigest()
    sent = {"X-HubSpot-Signature": first, "X-HubSpot-Signature-Version": "v1"}
    assert hints(sent, accept_v1=True) == [Ref("contact", "123")]
    with pytest.raises(Forbidden):
        hints({**sent, **headers(secret="another")}, accept_v1=True)


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_five_minutes_either_way_are_fine(seconds: int) -> None:
    assert hints(headers(time=stamp(NOW + timedelta(seconds=seconds))))


@pytest.mark.parametrize("milliseconds", [-300_001, 300_001, 86_400_000])
def test_an_old_or_a_future_signature_is_refused(milliseconds: int) -> None:
    with pytest.raises(Forbidden, match="clock"):
        hints(headers(time=stamp(NOW + timedelta(milliseconds=milliseconds))))


@pytest.mark.parametrize("time", ["", "soon", "-5", "1e12", "١٢٣", "9" * 16, " 1772442000000"])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    with pytest.raises(Forbidden, match="when it was sent"):
        hints(headers(time=time))


@pytest.mark.parametrize(
    "change",
    [
        {"body": BODY + b"\n"},
        {"url": URL.replace("https", "http")},
        {"url": URL + "/"},
        {"url": URL.replace("source=hubspot", "source=other")},
    ],
)
def test_a_request_that_differs_from_what_was_signed_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Forbidden, match="letter by letter"):
        hints(headers(), **change)


@pytest.mark.parametrize("signature", ["", "x", "ü" * 44, "=" * 44, "A" * 5000])
def test_what_is_no_signature_is_refused(signature: str) -> None:
    with pytest.raises(Forbidden):
        hints({**headers(), "X-HubSpot-Signature-v3": signature})


CALLED = "https://hooks.acme.example/in%3aone%2Ftwo?to=a%40acme.example&q=%3F%21%24%27%28%29%2A%2c%3B&left=%20%26%3D%25"


@pytest.mark.parametrize(
    "signed",
    [
        "https://hooks.acme.example/in:one/two?to=a@acme.example&q=?!$'()*,;&left=%20%26%3D%25",
        CALLED,
        "https://hooks.acme.example/in:one/two?to=a@acme.example&q=?!$'()*,;&left= &=%",
    ],
    ids=["as the vendor's page says", "as its own clients do", "as other verifiers do"],
)
def test_signs_in_the_address_may_be_decoded_before_it_is_signed(signed: str) -> None:
    assert hints(headers(url=signed), url=CALLED) == [Ref("contact", "123")]
    with pytest.raises(Forbidden):
        hints(headers(url=signed + "x"), url=CALLED)


def test_bytes_that_are_no_text_are_signed_as_they_are() -> None:
    body = b'[{"subscriptionType":"contact.creation","objectId":7,"propertyValue":"\xc3\xa9\xff"}]'
    with pytest.raises(BadRequest, match="no list of events"):
        hints(headers(body), body=body)


def test_without_a_secret_every_webhook_is_refused() -> None:
    adapter = HubSpot(token="t")
    assert isinstance(adapter, Hints)
    with pytest.raises(Forbidden, match="webhook_secret"):
        adapter.hints(method="POST", url=URL, headers=headers(secret=""), body=BODY)
    adapter.close()


def test_the_secret_comes_from_the_settings_and_is_never_told() -> None:
    settings = {"token": "t", "webhook_secret": SECRET, "webhook_v1": "yes"}
    adapter = HubSpot.from_settings(settings)
    assert SECRET not in repr(adapter._webhooks)
    assert adapter._webhooks.accept_v1
    now = stamp(SystemClock().now())
    assert adapter.hints(method="POST", url=URL, headers=headers(time=now), body=BODY) == [Ref("contact", "123")]
    with pytest.raises(Forbidden) as caught:
        adapter.hints(method="POST", url=URL, headers=headers(secret="other", time=now), body=BODY)
    assert SECRET not in str(caught.value) + repr(vars(caught.value))
    adapter.close()
    with pytest.raises(ConfigError, match="webhook_v1 must be yes or no"):
        HubSpot.from_settings({**settings, "webhook_v1": "perhaps"})


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'"x"', b"[1]", b"[[]]", b"null", b"\xff\xfe"])
def test_a_signed_body_that_is_no_list_of_events_is_an_error_with_a_sentence(body: bytes) -> None:
    with pytest.raises(BadRequest, match="no list of events"):
        hints(headers(body), body=body)


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({"subscriptionType": "contact.propertyChange", "objectId": 5, "propertyName": "email"}, ["contact 5"]),
        ({"subscriptionType": "contact.deletion", "objectId": "5"}, ["contact 5"]),
        ({"subscriptionType": "contact.privacyDeletion", "objectId": 5}, ["contact 5"]),
        ({"subscriptionType": "contact.restore", "objectId": 5}, ["contact 5"]),
        ({"subscriptionType": "company.creation", "objectId": 6}, ["company 6"]),
        ({"subscriptionType": "deal.creation", "objectId": 29_013_756_946}, ["deal 29013756946"]),
        ({"subscriptionType": "object.creation", "objectTypeId": "0-1", "objectId": 5}, ["contact 5"]),
        ({"subscriptionType": "object.propertyChange", "objectTypeId": "0-48", "objectId": 5}, ["call 5"]),
        ({"subscriptionType": "object.creation", "objectTypeId": "0-136", "objectId": 5}, ["lead 5"]),
        ({"subscriptionType": "object.creation", "objectTypeId": "2-3604285", "objectId": 5}, []),
        ({"subscriptionType": "object.creation", "objectId": 5}, []),
        ({"subscriptionType": "ticket.creation", "objectId": 5}, []),
        ({"subscriptionType": "conversation.newMessage", "objectId": 5}, []),
        (
            {
                "subscriptionType": "contact.merge",
                "objectId": 1,
                "primaryObjectId": 1,
                "mergedObjectIds": [1, 2],
                "newObjectId": 3,
            },
            ["contact 1", "contact 3", "contact 2"],
        ),
        (
            {
                "subscriptionType": "contact.associationChange",
                "associationType": "CONTACT_TO_COMPANY",
                "fromObjectId": 1,
                "toObjectId": 2,
            },
            ["contact 1", "company 2"],
        ),
        (
            {
                "subscriptionType": "object.associationChange",
                "fromObjectTypeId": "0-3",
                "fromObjectId": 1,
                "toObjectTypeId": "0-1",
                "toObjectId": 2,
                "associationRemoved": True,
            },
            ["deal 1", "contact 2"],
        ),
        (
            {
                "subscriptionType": "deal.associationChange",
                "associationType": "DEAL_TO_LINE_ITEM",
                "fromObjectId": 1,
                "toObjectId": 2,
            },
            ["deal 1"],
        ),
        ({"subscriptionType": "deal.associationChange", "fromObjectId": 1, "toObjectId": 2}, []),
        ({"subscriptionType": "contact.creation"}, []),
        ({"subscriptionType": "contact.creation", "objectId": None}, []),
        ({"subscriptionType": "contact.creation", "objectId": True}, []),
        ({"subscriptionType": "contact.creation", "objectId": "../deals/1"}, []),
        ({"subscriptionType": "contact.creation", "objectId": -1}, []),
        ({"subscriptionType": "contact.creation", "objectId": 1.5}, []),
        ({"subscriptionType": "contact.creation", "objectId": "9" * 5000}, []),
        ({"subscriptionType": None, "objectId": 5}, []),
        ({}, []),
    ],
)
def test_every_kind_of_event_names_its_records(event: dict[str, Any], named: list[str]) -> None:
    assert [f"{ref.kind} {ref.id}" for ref in refs_in(json.dumps([event]).encode())] == named


@given(st.lists(st.integers(1, 30), min_size=1, max_size=100), st.randoms(use_true_random=False))
def test_repeated_and_disordered_events_name_the_same_records(ids: list[int], rng: random.Random) -> None:
    events = [{**EVENT, "objectId": id, "attemptNumber": turn % 3} for turn, id in enumerate(ids)]
    first = refs_in(json.dumps(events).encode())
    shuffled = [*events, *events[:7]]
    rng.shuffle(shuffled)
    assert len(first) == len(set(first))
    assert set(first) == set(refs_in(json.dumps(shuffled).encode())) == {Ref("contact", str(id)) for id in ids}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "subscriptionType",
        "objectId",
        "objectTypeId",
        "fromObjectId",
        "associationType",
        "mergedObjectIds",
        "newObjectId",
    ]
)
TYPES = st.sampled_from(["contact.creation", "object.creation", "contact.merge", "deal.associationChange"])


@given(st.lists(st.dictionaries(NAMES, JSON | TYPES, max_size=7), max_size=4))
def test_whatever_an_event_says_only_records_come_out(events: list[dict[str, Any]]) -> None:
    for ref in refs_in(json.dumps(events).encode()):
        assert ref.kind in ("contact", "deal")
        assert ref.id.isdigit()


def test_the_helper_of_this_test_is_an_hmac() -> None:
    expected = base64.b64encode(hmac.digest(b"k", b"POSTu" + b"body" + b"1", "sha256")).decode()
    assert independent("k", "POST", "u", b"body", "1") == expected
