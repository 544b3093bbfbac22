"""``leadbridge link`` and ``apart``: a person says which lead a record stands for, or that it is somebody else."""

from __future__ import annotations

from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.cli.options import Config, Json

__all__ = ["apart", "link"]


def link(
    connection: Annotated[str, typer.Argument(help="Name of the connection.")],
    kind: Annotated[str, typer.Argument(help="Kind of the record in the CRM, such as Lead or contact.")],
    record: Annotated[str, typer.Argument(help="Id of the record in the CRM.")],
    lead: Annotated[str, typer.Argument(help="The lead: its id, the id of another record of it, or its address.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Say which lead a record stands for, where the CRMs leave it open. The next sync follows."""
    from leadbridge.adapter import Ref
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    with Bridge.of(Settings.load(config)) as bridge:
        owner = bridge.ledger.find(lead)
        bridge.link(connection, Ref(kind, record), owner)
    if json:
        output.emit({"connection": connection, "kind": kind, "record": record, "lead": owner})
    else:
        output.show(f"{kind} {record} in {connection} stands for lead {owner}. To carry that out: leadbridge sync")


def apart(
    connection: Annotated[str, typer.Argument(help="Name of the connection.")],
    kind: Annotated[str, typer.Argument(help="Kind of the record in the CRM, such as Lead or contact.")],
    record: Annotated[str, typer.Argument(help="Id of the record in the CRM.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Say that a record stands for somebody else, although it has the address or key of a lead. Never asked again."""
    from leadbridge.adapter import Ref
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    with Bridge.of(Settings.load(config)) as bridge:
        lead = bridge.apart(connection, Ref(kind, record))
    if json:
        output.emit({"connection": connection, "kind": kind, "record": record, "lead": lead})
    else:
        output.show(f"{kind} {record} in {connection} is a lead of its own, {lead}. To carry that out: leadbridge sync")
