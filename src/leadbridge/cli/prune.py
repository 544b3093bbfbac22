"""``leadbridge prune``: remove what has been kept for as long as the settings say."""

from __future__ import annotations

from leadbridge.cli import output
from leadbridge.cli.options import Config, Json, Yes

__all__ = ["prune"]

_WORDS = {
    "observation": "records that are gone and stand for nobody any more",
    "intent": "writes of applied plans",
    "round": "counts of rounds",
    "conflict": "conflicts with the values that lost",
    "quarantine": "questions that were answered",
}


def prune(yes: Yes = False, config: Config = None, json: Json = False) -> None:
    """Say what has been kept for as long as [retention] in the settings says; with --yes, remove it.

    Facts, links, opt-outs and the memory of who was erased are never removed.
    """
    from leadbridge.bridge import Bridge
    from leadbridge.settings import Settings

    settings = Settings.load(config)
    with Bridge.of(settings) as bridge:
        removed = bridge.prune(settings.retention, yes=yes)
    if json:
        output.emit({"removed": yes, "rows": removed})
    elif not settings.retention:
        output.show(
            'Everything is kept for good: say how long under [retention] in the settings, as writes = "400 days".'
        )
    else:
        rows = [(name, _WORDS[name], f"{number:,}") for name, number in sorted(removed.items())]
        head = ("table", "what", "rows")
        output.show(output.table("Removed" if yes else "Kept for long enough", head, rows, right=("rows",)))
        if not yes and any(removed.values()):
            output.note("Nothing was removed. To do it: leadbridge prune --yes")
