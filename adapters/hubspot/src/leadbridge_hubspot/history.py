"""Past values of a property: when a record got which.

HubSpot keeps some versions of each property and no more, newest first. Of a stage it also works out when the record
entered it (``hs_v2_date_entered_<stage>``, and ``hs_lifecyclestage_<stage>_date`` of old). That second opinion is used
only for what lies before the oldest version that HubSpot still has, so that no entry is ever told twice. Whether such a
date stands for the first or the latest entry does not matter there: it is one that happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from leadbridge.adapter import FieldInfo, Ref, Value
from leadbridge.clock import parse_iso
from leadbridge_hubspot.mappers import Raw, instant_text
from leadbridge_hubspot.reads import Reads
from leadbridge_hubspot.rows import Decoder

__all__ = ["past_values"]

Past: TypeAlias = tuple[tuple[datetime, Value], ...]

_ENTERED = ("hs_lifecyclestage_{}_date", "hs_v2_date_entered_{}")
_STAGES = frozenset({"lifecyclestage", "dealstage", "hs_pipeline_stage"})


def past_values(
    reads: Reads, refs: Sequence[Ref], field: str, known: Mapping[str, Mapping[str, FieldInfo]]
) -> list[Past]:
    """For each record in order, when a property got which value, oldest first; nothing for one that is not there.

    Args:
        reads: the connection.
        refs: the records.
        field: the property.
        known: the fields of each kind, as the account has them.
    """
    found: dict[Ref, Past] = {}
    for kind in dict.fromkeys(ref.kind for ref in refs):
        decoder = Decoder(kind, known[kind], (field,))
        entered = _entered(known[kind], field) if field in _STAGES else {}
        raws = reads.present(
            kind,
            [ref.id for ref in refs if ref.kind == kind],
            operation="history",
            properties=tuple(entered),
            history=(field,),
        )
        found.update((Ref(kind, id), _past(decoder, raw, field, entered)) for id, raw in raws.items())
    return [found.get(ref, ()) for ref in refs]


def _entered(known: Mapping[str, FieldInfo], field: str) -> dict[str, str]:
    """The properties that say when a stage was entered, with the stage."""
    stages = [option.value for option in known[field].options]
    named = {form.format(stage): stage for form in _ENTERED for stage in stages}
    return {name: stage for name, stage in named.items() if name in known}


def _past(decoder: Decoder, raw: Raw, field: str, entered: Mapping[str, str]) -> Past:
    versions: Sequence[Mapping[str, Any]] = (raw.get("propertiesWithHistory") or {}).get(field) or ()
    told = [
        (parse_iso(instant_text(str(version["timestamp"]))), decoder.fields({field: version.get("value")})[field])
        for version in reversed(versions)
    ]
    told.sort(key=lambda each: each[0])
    properties = raw.get("properties") or {}
    dates = {stage: parse_iso(instant_text(text)) for name, stage in entered.items() if (text := properties.get(name))}
    earlier = sorted((at, stage) for stage, at in dates.items() if not told or at < told[0][0])
    if told and earlier and earlier[-1][1] == told[0][1]:
        # The oldest version repeats the stage in which the record was already.
        told.pop(0)
    return (*earlier, *told)
