"""Writes the tables of the reference from the code, between ``<!-- generated: name -->`` and ``<!-- end -->``.

``python docs/generate.py`` writes them; with ``--check`` it writes nothing and fails when a table is not current.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import leadbridge
from leadbridge import adapter, errors, registry
from leadbridge.agreement import Agreement
from leadbridge.analytics import benchmarks, metrics
from leadbridge.domain import facts
from leadbridge.domain.lifecycle import frameworks
from leadbridge.testing import laws
from leadbridge.testing.broken import BROKEN

DOCS = Path(__file__).parent
BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def plain(text: str) -> str:
    """A piece of a docstring on one line, in Markdown instead of the roles of Sphinx."""
    return re.sub(r":[a-z]+:`~?([^`]+)`", r"`\1`", " ".join(text.split())).replace("``", "`").rstrip(".:")


def first_sentence(thing: object) -> str:
    """What a docstring says first."""
    text = plain((inspect.getdoc(thing) or "").partition("\n\n")[0])
    return plain(re.split(r"(?<=[.!?])\s+(?=[A-Z`])", text)[0])


def names() -> str:
    """The public names, with the module that each comes from."""

    def rows() -> Iterable[Sequence[str]]:
        for name in leadbridge.__all__:
            if name == "__version__":
                yield "`__version__`", "", "The version, as text"
                continue
            home = leadbridge._HOME_OF[name]
            yield f"`{name}`", f"`{home}`", first_sentence(getattr(import_module(home), name))

    return table(("Name", "From", "What it is"), rows())


def error_tree() -> str:
    """Every error, in the order of the tree."""

    def rows(kind: type[errors.LeadbridgeError], depth: int) -> Iterable[Sequence[str]]:
        indent = "&nbsp;" * 4 * depth
        yield f"{indent}`{kind.__name__}`", str(kind.exit_code), f"`{kind.alert}`", first_sentence(kind)
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                yield from rows(child, depth + 1)

    return table(("Error", "Exit", "Alert", "Meaning"), rows(errors.LeadbridgeError, 0))


def capabilities() -> str:
    """The capabilities, from the section ``Attributes`` of their docstring."""
    attributes = (inspect.getdoc(adapter.Capabilities) or "").partition("Attributes:\n")[2]
    entries = re.findall(r"^ {4}([\w, ]+): (.+(?:\n {8}.+)*)", attributes, re.MULTILINE)
    said = {name: text for names, text in entries for name in names.split(", ")}
    rows = [(f"`{item.name}`", f"`{item.type}`", plain(said[item.name])) for item in fields(adapter.Capabilities)]
    return table(("Capability", "Type", "Promise"), rows)


def own_fields() -> str:
    """The fields that provisioning can add."""
    rows = [
        (
            f"`{item.purpose}`",
            item.label,
            item.type,
            str(item.max_length or ""),
            "yes" if item.unique else "",
            "yes" if item.always else "",
        )
        for item in adapter.OWN_FIELDS
    ]
    return table(("Purpose", "Label", "Type", "Length", "Unique", "Always"), rows)


def fact_types() -> str:
    """The fact types and what each adds to the fields that all share."""
    shared = {item.name for item in fields(facts.Fact)}
    rows = [
        (
            f"`{kind.__name__}`",
            ", ".join(f"`{item.name}`" for item in fields(kind) if item.name not in shared),
            first_sentence(kind),
        )
        for kind in (getattr(facts, name) for name in sorted(facts.__all__))
        if isinstance(kind, type) and issubclass(kind, facts.Fact) and kind is not facts.Fact
    ]
    return table(("Fact", "Fields", "Meaning"), rows)


def settings() -> str:
    """The settings of every adapter, as its class says them."""
    rows = [
        (f"`{name}`", f"`{setting}`", "yes" if registry.is_secret(setting) else "", help_line)
        for name in ("hubspot", "memory", "salesforce")
        for setting, help_line in registry.adapter_class(name).SETTINGS.items()
    ]
    return table(("Adapter", "Setting", "Secret", "Meaning"), rows)


def sections() -> str:
    """The top level of an agreement, from the schema that editors get."""
    schema = Agreement.json_schema()
    required = set(schema["required"])

    def rows() -> Iterable[Sequence[str]]:
        for name, about in schema["properties"].items():
            refs = re.findall(r"'\$ref': '#/\$defs/(\w+)'", str(about))
            text = about.get("description") or " ".join(schema["$defs"][ref].get("description", "") for ref in refs[:1])
            yield f"`{name}`", "yes" if name in required else "", plain(text.partition("\n\n")[0])

    return table(("Section", "Required", "What it holds"), rows())


def stage_frameworks() -> str:
    """The lifecycle presets with their success path, their detours and where they were seen."""

    def rows() -> Iterable[Sequence[str]]:
        for one in frameworks.ALL:
            doubtful = set(one.unverified)
            path, detours = (
                [f"{stage}{' (?)' if stage in doubtful else ''}" for stage in stages]
                for stages in (one.lifecycle.success_path, one.lifecycle.detours)
            )
            yield f"`{one.id}`", one.title, " → ".join(path), ", ".join(detours), plain(one.source)

    return table(("Preset", "Framework", "Success path", "Detours", "Source"), rows())


def metric_files() -> str:
    """The metrics with their definitions, as their SQL files say them."""
    rows = [
        (
            f"`{one.name}`",
            one.title,
            ", ".join(one.bases),
            plain(one.definition),
            ", ".join(f"`{name}`" for name in one.dimensions),
            ", ".join(f"`{column}` ({_KINDS[rule.kind]})" for column, rule in one.intervals.items()) or "none",
        )
        for one in metrics().values()
    ]
    return table(("Metric", "Title", "Basis", "Definition", "By", "Intervals"), rows)


_KINDS = {
    "wilson": "Wilson",
    "greenwood": "Greenwood",
    "bootstrap": "bootstrap",
    "around": "normal",
    "change": "two counts",
}


def literature() -> str:
    """The figures from the literature, with what they must not be taken for."""
    rows = [
        (
            one.figure,
            one.about,
            ", ".join(f"`{name}`" for name in one.metrics),
            f"[{one.origin}]({one.url})" if one.url else one.origin,
            one.population,
            one.caveat,
        )
        for one in benchmarks()
    ]
    return table(("Figure", "Of what", "Beside", "Source", "Population", "Caveat"), rows)


def commands() -> str:
    """Every command with its arguments and options, as the program itself has them."""
    from typer.main import get_command

    from leadbridge.cli.app import build

    def section(command: Any, name: str) -> Iterable[str]:
        for child_name, child in sorted(getattr(command, "commands", {}).items()):
            yield from section(child, f"{name} {child_name}")
        if not hasattr(command, "commands"):
            usage = [f"<{part.name}>" for part in command.params if part.param_type_name == "argument"]
            yield f"\n### {name.removeprefix('leadbridge ')}\n\n`{' '.join([name, *usage])}`\n\n"
            yield f"{plain(command.help)}.\n"
            rows = [
                (f"`{', '.join(option.opts) or option.name}`", plain(option.help or "").replace("<", "&lt;"))
                for option in command.params
                if option.name != "help"
            ]
            yield f"\n{table(('Argument or option', 'Meaning'), rows)}" if rows else ""

    return "".join(section(get_command(build()), "leadbridge")).removeprefix("\n")


def conformance_laws() -> str:
    """Every law of the conformance suite, and the adapters that are wrong on purpose which prove it."""
    rows = []
    for law in laws():
        caught = sorted(broken.adapter.__name__ for broken in BROKEN if broken.caught_by == law.name)
        rows.append(
            (law.sentence, plain(law.why.partition(" If this fails")[0]), ", ".join(f"`{name}`" for name in caught))
        )
    return table(("Law", "Why", "Wrong adapters that it catches"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "agreement": sections,
    "benchmarks": literature,
    "capabilities": capabilities,
    "commands": commands,
    "errors": error_tree,
    "facts": fact_types,
    "laws": conformance_laws,
    "frameworks": stage_frameworks,
    "metrics": metric_files,
    "names": names,
    "own-fields": own_fields,
    "settings": settings,
}


def current(text: str) -> str:
    """A page with its tables as they should be."""
    return BLOCK.sub(lambda match: match[1] + "\n" + TABLES[match[2]]() + "\n" + match[4], text)


def main(arguments: Sequence[str]) -> int:
    stale = []
    for page in sorted(DOCS.rglob("*.md")):
        before = page.read_text("utf-8")
        after = current(before)
        if before != after:
            stale.append(page.relative_to(DOCS).as_posix())
            if "--check" not in arguments:
                page.write_text(after, "utf-8")
    if "--check" in arguments and stale:
        print(f"not current: {', '.join(stale)}; run python docs/generate.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
