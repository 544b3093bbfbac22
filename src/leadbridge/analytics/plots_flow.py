"""The flow between stages as bands: down the success path, out to the stages beside it, and back in loops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import cos, pi, sin
from textwrap import wrap
from typing import Any, TypeAlias

from leadbridge.analytics.plot_frame import BLUE, GREY, INK, ORANGE, Look, Picture, charts, finish, hints
from leadbridge.analytics.result import Result

__all__ = ["flow"]

Point: TypeAlias = tuple[float, float]

_BAR = 10
_COLOURS: Mapping[str, str] = {"forward": BLUE, "off": GREY, "aside": GREY, "back": ORANGE}


@dataclass
class _Node:
    """A stage as a bar: where it is, and how many leads came and went."""

    name: str
    step: int
    new: int = 0
    come: int = 0
    gone: int = 0
    x: float = 0
    y: float = 0

    @property
    def size(self) -> int:
        return max(self.come + self.new, self.gone)


@dataclass
class _Move:
    """Leads that went from one bar to another, and where the band leaves and meets the edges, from their left ends."""

    source: _Node
    target: _Node
    direction: str
    count: int
    below: float = 0
    above: float = 0


@dataclass
class _Layout:
    """Bars and bands in pixels, from the top left corner."""

    nodes: dict[str, _Node]
    moves: list[_Move]
    look: Look
    left: float = 0
    scale: float = 0
    height: float = 0
    bands: list[dict[str, Any]] = field(default_factory=list)
    loops: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def path(self) -> list[_Node]:
        return sorted((node for node in self.nodes.values() if node.step >= 0), key=lambda node: node.step)

    @property
    def beside(self) -> list[_Node]:
        return [node for node in self.nodes.values() if node.step < 0]

    @property
    def back(self) -> list[_Move]:
        """The loops, from the shortest to the longest."""
        return sorted((move for move in self.moves if move.direction == "back"), key=lambda move: -move.target.step)

    def wide(self, count: int) -> float:
        return max(1.5, count * self.scale)

    def end(self, node: _Node) -> float:
        return node.x + self.wide(node.size)


def flow(alt: Any, result: Result, look: Look) -> Picture:
    """Bars are stages, bands are moves as wide as there are many; orange bands with an arrow lead back."""
    layout = _laid_out(result, look)
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, look.plot(())], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[layout.height, 0], nice=False), axis=None)
    size = {"width": look.plot(()), "height": layout.height}
    told = {"x": x, "y": y, "detail": alt.Detail("band:N"), "color": alt.Color("colour:N", scale=None)}
    tips = hints(alt, "from:N", "to:N", "moves:Q", "direction:N")
    bands = charts(alt, layout.bands, **size).mark_area(orient="horizontal", opacity=0.5, clip=True)
    bars = [
        {"x": node.x, "end": layout.end(node), "y": node.y, "low": node.y + _BAR, "stage": node.name,
         "entries": node.come + node.new}
        for node in layout.nodes.values()
    ]  # fmt: skip
    stages = (
        charts(alt, bars)
        .mark_rect(color=INK)
        .encode(x=x, x2=alt.X2("end"), y=y, y2=alt.Y2("low"), tooltip=hints(alt, "stage:N", "entries:Q"))
    )
    layers = [bands.encode(**told, x2=alt.X2("end"), tooltip=tips), stages]
    if layout.loops:
        # Clipped, because the engine reckons the room of a line from its width, also where the line has no end.
        loops = charts(alt, layout.loops).mark_line(strokeCap="butt", strokeJoin="round", opacity=0.8, clip=True)
        wide = alt.StrokeWidth("wide:Q", scale=None)
        heads = charts(alt, layout.heads).mark_point(
            filled=True, shape="triangle-down", color=ORANGE, opacity=1, size=110
        )
        layers += [
            loops.encode(**told, order=alt.Order("order:Q"), strokeWidth=wide, tooltip=tips),
            heads.encode(x=x, y=y),
        ]
    for align, weight in (("left", "normal"), ("left", "bold"), ("right", "normal"), ("right", "bold")):
        some = [row for row in layout.texts if (row["align"], row["weight"]) == (align, weight)]
        if some:
            mark = charts(alt, some).mark_text(align=align, baseline="middle", fontWeight=weight)
            layers.append(mark.encode(x=x, y=y, text=alt.Text("text:N")))
    notes = [*result.notes(), "a band is as wide as the moves are many; orange with an arrow: leads that come back"]
    return finish(alt, alt.layer(*layers), look, "Flow between stages", result.definition, notes)


def _laid_out(result: Result, look: Look) -> _Layout:
    layout = _Layout({}, [], look)
    counted: dict[tuple[str, str, str], int] = {}
    for row in result.rows:
        for name, step in ((row["from_stage"], row["from_step"]), (row["to_stage"], row["to_step"])):
            if name != "(new)":
                layout.nodes.setdefault(name, _Node(name, step))
        key = (row["from_stage"], row["to_stage"], row["direction"])
        counted[key] = counted.get(key, 0) + row["moves"]
    for (start, end, direction), count in counted.items():
        if direction == "new":
            layout.nodes[end].new += count
            continue
        move = _Move(layout.nodes[start], layout.nodes[end], direction, count)
        move.source.gone += count
        move.target.come += count
        layout.moves.append(move)
    _place(layout)
    _attach(layout)
    for move in layout.moves:
        if move.direction != "back":
            _band(layout, move)
    ends = [layout.end(node) for node in layout.nodes.values()]
    lane = max([*ends, *(node.x + 7 * len(_called(node)) for node in layout.beside)]) + 10
    for nested, move in enumerate(layout.back):
        lane = _loop(layout, move, nested, lane)
    _name(layout)
    return layout


def _place(layout: _Layout) -> None:
    """The success path from top to bottom on the left, other stages on the right, below where most leads come from."""
    look, most = layout.look, [move.count for move in layout.back]
    words = [word for node in layout.path for word in _words(layout, node)]
    layout.left = min(look.limit(), max(map(len, words), default=0) * 7) + 14
    room = look.plot(()) - layout.left - 20 - 36 * len(most)
    widest = max(node.size for node in layout.nodes.values())
    layout.scale = max(0.0, min((0.45 if look.narrow else 0.55) * room / widest, 24 / max(most, default=1)))
    row = 56 + max((layout.wide(count) for count in most), default=0)
    for place, node in enumerate(layout.path):
        node.x, node.y = layout.left, 30 + place * row
    jumps = [layout.wide(move.count) for move in layout.moves if move.target.step > move.source.step + 1 > 0]
    right = (
        max((layout.end(node) for node in layout.path), default=layout.left) + sum(jumps) + (12 if look.narrow else 50)
    )
    busy = 0.0
    for node in sorted(layout.beside, key=lambda node: _height_of_sources(layout, node)):
        node.x, node.y = right, max(_height_of_sources(layout, node) + row * 0.62, busy)
        busy = node.y + 52
    loops = [node.y + 36 + sum(layout.wide(count) + 8 for count in most) for node in layout.beside if node.gone]
    layout.height = max([*loops, *(node.y + 30 for node in layout.nodes.values())])


def _height_of_sources(layout: _Layout, node: _Node) -> float:
    """How far down most of the leads come from."""
    sources = [(move.count, move.source.y) for move in layout.moves if move.target is node and move.source.step >= 0]
    return max(sources)[1] if sources else layout.path[-1].y if layout.path else 0


def _attach(layout: _Layout) -> None:
    """Where bands touch the bars: the next stage at the left, then stages further on, those beside, and loops."""
    rank = {"forward": 0, "aside": 1, "off": 2, "back": 3}
    for node in layout.nodes.values():
        below = above = 0.0
        leaving = [move for move in layout.moves if move.source is node]
        for move in sorted(leaving, key=lambda move: (rank[move.direction], move.target.step, move.target.y)):
            move.below = below
            below += layout.wide(move.count)
        coming = [move for move in layout.moves if move.target is node]
        for move in sorted(coming, key=lambda move: (rank[move.direction], -move.source.step, move.source.y)):
            move.above = above
            above += layout.wide(move.count)


def _band(layout: _Layout, move: _Move) -> None:
    """A curve from the lower edge of a bar to the upper edge of another, beside the bars that it jumps over."""
    source, target = move.source, move.target
    start, end = (source.x + move.below, source.y + _BAR), (target.x + move.above, target.y)
    over = [node for node in layout.path if source.step < node.step < target.step] if source.step >= 0 else []
    corners = [start, end]
    if over:
        beside = max(layout.end(node) for node in over) + 8
        corners = [start, (beside, over[0].y), (beside, over[-1].y + _BAR), end]
    said = _said(move)
    wide = layout.wide(move.count)
    for one, other in pairwise(corners):
        middle = (one[1] + other[1]) / 2
        for t in (step / 14 for step in range(15)):
            x = one[0] + (other[0] - one[0]) * (3 * t**2 - 2 * t**3)
            y = (1 - t) ** 3 * one[1] + 3 * (1 - t) * t * middle + t**3 * other[1]
            layout.bands.append({"x": x, "end": x + wide, "y": y, **said})
    if move.direction == "forward" and target.step == source.step + 1:
        text = f"{move.count:,} · {move.count / (source.come + source.new):.0%}"
        layout.texts.append(_text(source.x + 6, source.y + _BAR + 13, text))


def _loop(layout: _Layout, move: _Move, nested: int, lane: float) -> float:
    """Down, to the right, up beside everything, and into the upper edge of the stage that leads come back to.

    Gives where the next lane may begin.
    """
    source, target, wide = move.source, move.target, layout.wide(move.count)
    turn = wide / 2 + 6
    along = lane + wide / 2
    start = (source.x + move.below + wide / 2, source.y + _BAR)
    end = (target.x + move.above + wide / 2, target.y - 7)
    low, high = start[1] + turn + nested * (wide + 6), end[1] - turn
    corners = [start, (start[0], low), (along, low), (along, high), (end[0], high), end]
    said = _said(move)
    layout.loops += [
        {"x": x, "y": y, "order": order, "wide": wide, **said} for order, (x, y) in enumerate(_rounded(corners, turn))
    ]
    layout.heads.append({"x": end[0], "y": end[1] + 1})
    layout.texts.append(_text(lane + wide + 4, (low + high) / 2, f"{move.count:,}"))
    return lane + wide + 34


def _said(move: _Move) -> dict[str, Any]:
    names = {"from": move.source.name, "to": move.target.name, "band": f"{move.source.name} {move.target.name}"}
    return {**names, "moves": move.count, "direction": move.direction, "colour": _COLOURS[move.direction]}


def _text(x: float, y: float, text: str, align: str = "left", weight: str = "normal") -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "align": align, "weight": weight}


def _rounded(corners: list[Point], turn: float) -> list[Point]:
    """A line through corners, each cut by a quarter of a circle."""
    points = [corners[0]]
    for before, at, after in zip(corners, corners[1:], corners[2:], strict=False):
        reach = min(turn, _length(before, at) / 2, _length(at, after) / 2)
        enter, leave = _towards(at, before, reach), _towards(at, after, reach)
        centre = (enter[0] + leave[0] - at[0], enter[1] + leave[1] - at[1])
        for step in range(7):
            angle = step / 6 * pi / 2
            points.append(
                (
                    centre[0] + (enter[0] - centre[0]) * cos(angle) + (leave[0] - centre[0]) * sin(angle),
                    centre[1] + (enter[1] - centre[1]) * cos(angle) + (leave[1] - centre[1]) * sin(angle),
                )
            )
    return [*points, corners[-1]]


def _length(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(start: Point, end: Point, far: float) -> Point:
    whole = _length(start, end) or 1
    return (start[0] + (end[0] - start[0]) * far / whole, start[1] + (end[1] - start[1]) * far / whole)


def _name(layout: _Layout) -> None:
    """The names beside the bars of the success path, and above the others."""
    for node in layout.path:
        new = f", {node.new:,} new" if node.new and not layout.look.narrow else ""
        words = _words(layout, node)
        for line, word in enumerate(words):
            layout.texts.append(_text(layout.left - 8, node.y - 2 + 15 * line, word, "right", "bold"))
        entries = f"{node.come + node.new:,} in{new}"
        layout.texts.append(_text(layout.left - 8, node.y - 1 + 15 * len(words), entries, "right"))
    for node in layout.beside:
        layout.texts.append(_text(node.x + 4, node.y - 9, _called(node), weight="bold"))


def _words(layout: _Layout, node: _Node) -> list[str]:
    """The name in lines that fit."""
    letters = 13 if layout.look.narrow else 32
    return wrap(node.name.replace("_", " "), letters, max_lines=2, placeholder="…")


def _called(node: _Node) -> str:
    return f"{node.name.replace('_', ' ')} {node.come + node.new:,}"
