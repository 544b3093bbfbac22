"""The demo on invented people: fill, check, plan, apply, let sales act, sync back, look at the result."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from leadbridge.agreement import Agreement
from leadbridge.cli.demo import show
from leadbridge.cli.demo.funnel import Population, fill, qualify_more, reach_out
from leadbridge.cli.demo.outcome import Outcome, figures
from leadbridge.cli.demo.sales import SalesTeam
from leadbridge.cli.demo.scene import Scene, Stage
from leadbridge.domain.facts import HandoffDecided
from leadbridge.errors import ApprovalNeeded

if TYPE_CHECKING:
    from leadbridge.analytics import Snapshot

__all__ = ["play"]

START = datetime(2026, 2, 27, 7, 30, tzinfo=UTC)
"""A Friday: three days of marketing later the first sync is on Monday morning."""

_HOURS = (1, 2, 2, 2, 17, 2, 2, 3, 17, 2, 2)
"""What passes between two syncs of the working days, in hours."""


def play(scene: Scene, stage: Stage, *, leads: int, seed: int) -> Outcome:
    """Plays the story and gives its figures."""
    random = Random(seed)
    stage.heading(f"1  Marketing fills HubSpot with {leads} contacts; sales knows some of them already")
    population = fill(scene, leads, random)
    scene.pass_time(timedelta(minutes=12))
    first = _first_sync(scene, stage)
    team = _working_days(scene, stage, population, random)
    snapshot = _look(scene, stage)
    stage.heading("11  Once more: nothing is left to do")
    scene.pass_time(timedelta(minutes=12))
    quiet = scene.sync(stage)
    outcome = figures(scene, snapshot, first, quiet.writes)
    outcome.more["sales"] = dict(team.done)
    stage.say(f"writes: {outcome.writes_quiet_round}; API calls so far: {show.counts(outcome.api_calls)}")
    return outcome


def _first_sync(scene: Scene, stage: Stage) -> dict[str, int]:
    bridge = scene.bridge
    stage.heading("2  Check: does the agreement fit what stands in the two CRMs?")
    stage.say(show.check(bridge.check()))
    stage.say(show.provisioned(bridge.provision(dry_run=False)))

    stage.heading("3  Plan: what would be written, and why. Nothing is written yet")
    stage.begin("reading and deciding", None)
    plan = bridge.plan(progress=stage.progress)
    stage.end()
    stage.say(show.plan(plan))

    stage.heading("4  Apply")
    stage.begin("applying the plan", len(plan))
    applied = bridge.apply(plan, approve=plan.hash, progress=stage.progress)
    stage.end()
    first = dict(applied.delivered.applied)
    stage.say(f"written: {show.counts(first)}")
    return first


def _working_days(scene: Scene, stage: Stage, population: Population, random: Random) -> SalesTeam:
    stage.heading("5  Three days of sales in Salesforce: assign, call, accept, refuse, convert, win. Some are slow")
    team = SalesTeam.of(scene, random)
    stage.begin("working days", len(_HOURS))
    for number, hours in enumerate(_HOURS):
        scene.pass_time(timedelta(hours=hours))
        team.work()
        team.take()
        team.route()
        if number % 4 == 3:
            team.close_deals()
            qualify_more(scene, population, 0.05, random)
            reach_out(scene, population, 0.05, random)
        _sync(scene, stage)
        stage.progress("days", "", 1)
    stage.end()
    stage.say(show.counts(team.done))
    return team


def _look(scene: Scene, stage: Stage) -> Snapshot:
    bridge = scene.bridge
    stage.heading("6  What stands in HubSpot now, given in Salesforce")
    stage.say(show.reasons(scene.hubspot.crm.dump("contact")))

    stage.heading("7  Promises that are due or broken")
    stage.say(show.clocks(bridge.clocks()))

    stage.heading("8  One lead, explained")
    stage.say(show.explained(bridge.ledger.explain(_example(scene))))

    stage.heading("9  Who is with the buyer in which buying stage")
    snapshot = bridge.snapshot()
    stage.say(show.coverage(snapshot.metrics.coverage(), [s.id for s in bridge.agreement.buying_stages]))

    stage.heading("10  Scorecard")
    stage.say(show.scorecard(snapshot.scorecard()))
    return snapshot


def _sync(scene: Scene, stage: Stage) -> None:
    try:
        scene.sync(stage)
    except ApprovalNeeded as error:
        # A day of sales work touches more records than the agreement lets through unseen: the demo's person says yes.
        scene.bridge.sync(yes=True, approve=error.plan_hash)


def _example(scene: Scene) -> str:
    """A lead that was refused with a reason: the most telling chain of facts."""
    for fact in scene.bridge.ledger.facts():
        if isinstance(fact, HandoffDecided) and fact.decision == "reject":
            return fact.lead
    return scene.bridge.ledger.leads()[0]


def open_scene(seed: int, folder: Path) -> Scene:
    """The scene of this story, under the example agreement that ``leadbridge init`` writes."""
    return Scene.open(Agreement.preset("example"), START, seed=seed, folder=folder)
