"""``leadbridge init``: an agreement to edit, settings to fill in, a schema for editors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from leadbridge.cli import output
from leadbridge.errors import ConfigError

__all__ = ["init"]

AGREEMENT, SETTINGS, SCHEMA = "agreement.yaml", "leadbridge.toml", "agreement.schema.json"

_SETTINGS = """\
# Settings of leadbridge. Paths in this file count from where it is; --config or LEADBRIDGE_CONFIG name another file.
agreement = "agreement.yaml"
store = "sqlite:///leadbridge.db"       # or postgresql+psycopg://user@host/leadbridge

# One section for each CRM account, one or two of them, under a name of your own. `writes` is
#   off  never written      ask  only after a person has agreed (the default)      on  always
#
# Secrets belong into the environment, as LEADBRIDGE_<CONNECTION>_<SETTING>. Whoever puts one into this file has to keep
# others from reading it (chmod 600), or leadbridge refuses the file.

[connections.hs]
adapter = "hubspot"
writes = "ask"
# The token of a service key or a private app:             export LEADBRIDGE_HS_TOKEN=...
# Accounts in the EU also need:                            base_url = "https://api-eu1.hubapi.com"

[connections.sf]
adapter = "salesforce"
writes = "ask"
instance_url = "https://acme.my.salesforce.com"
# Client credentials of an external client app:            export LEADBRIDGE_SF_CLIENT_ID=...
#                                                          export LEADBRIDGE_SF_CLIENT_SECRET=...
# or, for a first look, a ready access token:              export LEADBRIDGE_SF_ACCESS_TOKEN=...

[sync]
grace_seconds = 120                     # how long a write whose answer was lost is left alone before it is looked up
attempts = 5                            # how often a call that may succeed later is made in one round
"""

_NEXT = """\
Next:
{enter}  leadbridge agreement check   edit {agreement} until marketing and sales can sign it
  leadbridge doctor            fill in {settings} and put the secrets into the environment
  leadbridge check             how the agreement fits the CRMs; nothing is written
  leadbridge provision         add leadbridge's own fields to the CRMs
  leadbridge plan              what a sync would do, and why; then: leadbridge sync"""


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the files go.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Write an agreement, settings and a schema to begin with."""
    import orjson

    from leadbridge.agreement import Agreement
    from leadbridge.agreement.presets import agreement_text

    schema = orjson.dumps(Agreement.json_schema(), option=orjson.OPT_INDENT_2).decode() + "\n"
    header = f"# yaml-language-server: $schema={SCHEMA}\n"
    files = {AGREEMENT: header + agreement_text("example"), SETTINGS: _SETTINGS, SCHEMA: schema}
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        raise ConfigError(f"{', '.join(str(folder / name) for name in there)}: already there; --force overwrites")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            _write(folder / name, text, private=name == SETTINGS)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written ({error.strerror}): choose another folder") from None
    for name in files:
        output.show(f"wrote {folder / name}")
    enter = f"  cd {folder}\n" if folder != Path() else ""
    output.show(_NEXT.format(enter=enter, agreement=AGREEMENT, settings=SETTINGS))


def _write(path: Path, text: str, *, private: bool) -> None:
    """Writes a file whole or not at all; a private one is readable by its owner only, from the beginning."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)
