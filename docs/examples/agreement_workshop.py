"""Five questions for the heads of marketing and sales, answered from one document; its cells run in a notebook, too."""

# %% [markdown]
# # Five questions for the heads of marketing and sales
#
# Dun & Bradstreet suggests that they ask each other: do we both believe in "qualified"; what data does sales need; is
# the buyer continuing a journey or starting a new one; what feedback is welcomed and expected; are we held accountable
# for the same thing? Here one document, `workshop.yaml`, answers all five, for a month of an invented company.

# %%
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import leadbridge as lb
from leadbridge.agreement.boards import feedback
from leadbridge.agreement.brief import brief
from leadbridge.analytics import Result
from leadbridge.domain import facts as f
from leadbridge.domain.continuity import continuity
from leadbridge.domain.feedback import Subject, acknowledge, act, raise_feedback, tell, threads

agreement = lb.Agreement.load(Path(__file__).with_name("workshop.yaml"))
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = MONDAY + timedelta(days=28)

# %% [markdown]
# ## The month
#
# Twelve leads. A row says who it is, what sales answered and why, after how many hours sales first spoke with the
# buyer, and what became of the conversation. A ledger would tell these facts; here a few lines make them.

# %%
LEADS = """
lead  title               industry       employees  phone  answer      reason             call  then
L01   Head of Operations  manufacturing  420        yes    accept      -                  3     theme
L02   CFO                 logistics      900        yes    accept      -                  5     theme won
L03   Plant Manager       retail         300        yes    reject      wrong_industry     6     -
L04   Head of Finance     retail         210        yes    reject      wrong_industry     4     -
L05   Head of Operations  retail         75         yes    reject      -                  -     -
L06   CFO                 software       30         yes    accept      -                  2     theme won
L07   Plant Manager       logistics      640        no     accept      -                  30    again
L08   -                   manufacturing  1200       no     recycle     no_response        26    -
L09   -                   -              -          yes    reject      insufficient_data  -     -
L10   Head of Operations  manufacturing  500        yes    -           -                  -     -
L11   Student             education      9          yes    disqualify  student            -     -
L12   CFO                 manufacturing  350        yes    accept      -                  50    transfer
"""


def cells() -> Iterator[dict[str, str]]:
    """The rows of the table; a dash is nothing."""
    head, *rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in LEADS.strip().splitlines()]
    for row in rows:
        yield {name: "" if cell == "-" else cell for name, cell in zip(head, row, strict=True)}


def lead_of(row: dict[str, str]) -> lb.Lead:
    """The lead as the CRM knows it."""
    name = row["lead"].lower()
    fields: dict[str, object] = {part: row[part] for part in ("title", "industry", "employees")}
    fields |= {"email": f"buyer@{name}.example", "company": f"Company {name}", "opted_out": False}
    fields |= {"phone": "+44 20 7946 0000"} if row["phone"] == "yes" else {}
    return lb.Lead.from_fields(row["lead"], fields)


def story(row: dict[str, str], start: datetime) -> Iterator[f.Fact]:
    """What happened to one lead: it read twice, was offered, called and answered."""
    known = agreement.handoff.package.contents(lead_of(row).fields())
    handoff, then = f"{row['lead']}-1", row["then"].split()

    def when(hours: float, **more: object) -> dict[str, object]:
        at = start + timedelta(hours=hours)
        return {"lead": row["lead"], "occurred_at": at, "recorded_at": at, "agreement": 1, **more}

    def told(fact: type[f.Fact], hours: float, **more: object) -> f.Fact:
        return fact(**when(hours, **more))  # type: ignore[arg-type]  # the columns of a table, fact by fact

    yield told(f.LeadCaptured, -72, source="trade fair")
    yield told(f.StageEntered, -72, stage="captured")
    for number, asset in enumerate(("light-report", "buyers-guide")):
        answers = (("how many halls", "three"),) if number else ()
        read = {"interaction": f"{handoff}-{asset}", "nature": "content", "asset": asset, "answers": answers}
        yield told(f.Interacted, 24 * number - 48, function="marketing", channel="web", **read)
    yield told(f.StageEntered, -1, stage="engaged")
    yield told(f.StageEntered, -1, stage="marketing_qualified")
    promise = {"package": known.present, "missing": known.missing, "promised": agreement.handoff.package.promised}
    yield told(f.HandoffOffered, 0, handoff=handoff, **promise)
    yield told(f.HandoffAssigned, 1, handoff=handoff, owner="ann")
    if "transfer" in then:
        yield told(f.HandoffAssigned, 20, handoff=handoff, owner="bob")
    if row["call"]:
        call = {"interaction": f"{handoff}-call", "nature": "person_to_person", "function": "sales", "channel": "phone"}
        again = (("how many halls", "three"),) if "again" in then else ()
        theme = "no_dark_halls" if "theme" in then else None
        yield told(f.Interacted, float(row["call"]), direction="outbound", answers=again, message=theme, **call)
    if row["answer"]:
        reason = row["reason"] or None
        yield told(f.HandoffDecided, 52, handoff=handoff, decision=row["answer"], reason=reason, attempts=3)
    if row["answer"] == "accept":
        yield told(f.StageEntered, 52, stage="sales_accepted")
    if "won" in then:
        yield told(f.StageEntered, 300, stage="won")
        yield told(f.OpportunityWon, 300, opportunity=f"{row['lead']}-deal", amount=40_000.0)


def seen_in(touches: list[f.Interacted]) -> Iterator[f.Fact]:
    """The buying stages that the agreed evidence shows."""
    for entry in agreement.buying_entries(touches):
        yield f.BuyingStageEntered(
            lead=touches[0].lead,
            occurred_at=entry.at,
            recorded_at=entry.at,
            buying_stage=entry.stage,
            evidence=entry.evidence,
            inferred=True,
        )


rows = list(cells())
leads = {row["lead"]: lead_of(row) for row in rows}
facts: list[f.Fact] = []
for number, row in enumerate(rows):
    told_of_lead = list(story(row, MONDAY + timedelta(days=number % 4)))
    facts += [*told_of_lead, *seen_in([fact for fact in told_of_lead if isinstance(fact, f.Interacted)])]

# What sales said to marketing on Fridays, and what came of it.
SAID: tuple[tuple[Subject, str], ...] = (
    ("message", "no_dark_halls"),
    ("definition", "sales_ready"),
    ("content_request", "reference_in_retail"),
)
friday = MONDAY + timedelta(days=4, hours=5)
said = [
    raise_feedback("", subject, about=about, at=friday, by="sales", to="marketing", channel="friday_call", agreement=1)
    for subject, about in SAID
]
first = said[0]
steps: list[f.Fact] = [acknowledge(threads(said)[first.feedback], at=friday + timedelta(days=1), by="marketing")]
changed = "the message now names the cost of an hour in the dark"
steps.append(act(threads([*said, *steps])[first.feedback], changed, at=friday + timedelta(days=6), by="marketing"))
steps.append(tell(threads([*said, *steps])[first.feedback], at=friday + timedelta(days=7), by="marketing"))

histories = {lead: lb.LeadHistory.fold(fact for fact in facts if fact.lead == lead) for lead in leads}
nobody = lb.LeadHistory.fold([*said, *steps])
board = lb.clocks(facts, agreement=agreement, at=NOW)
snapshot = lb.Snapshot.from_facts(
    [*facts, *said, *steps],
    agreement=agreement,
    clocks=board,
    profiles={lead: one.fields() for lead, one in leads.items()},
    now=NOW,
)
print(f"Under {agreement.standing(NOW)}: {len(leads)} leads, {len(facts)} facts.")

# %% [markdown]
# ## 1. Do both of us believe in "qualified"?
#
# Not only accepted by sales: believed. Where the criteria are met and sales refuses all the same, or takes what does
# not meet them, somebody does not believe; the reasons say in which criterion.

# %%
print("\n1. DO BOTH BELIEVE IN 'QUALIFIED'?")
doubts: list[str] = []
for lead, history in histories.items():
    offered = history.handoffs[0]
    touches = [lb.Interaction.of(touch.fact) for touch in history.touches if touch.fact.function == "marketing"]
    verdict = agreement.readiness(leads[lead], interactions=touches, at=offered.offered_at)
    answer = offered.answer
    if verdict.ok and answer is not None and answer.decision in ("reject", "disqualify"):
        print(f"   {lead} met every criterion and was refused: {answer.reason or 'nobody said why'}")
        doubts += [answer.reason] if answer.reason else []
    elif verdict.ok is False and answer is not None and answer.decision == "accept":
        failed = "; ".join(str(one) for one in verdict.evidence if one.outcome == "failed")
        print(f"   {lead} was taken although it {failed}")
    elif verdict.ok is None:
        print(f"   {lead} cannot be judged: {', '.join(verdict.missing)} missing")
gap = snapshot.metrics.belief_gap()
if isinstance(gap, Result):
    print(f"   {gap.value:.0%} of {gap.n} leads that met the criteria were refused as outside the target")
print(f"   → not yet: talk about {', '.join(sorted(set(doubts)))}" if doubts else "   → yes, as far as anybody can see")

# %% [markdown]
# ## 2. What data does sales need, and does it get it?
#
# The package of the hand-off is the promise of marketing: required fields, and groups of which one field is enough.

# %%
print("\n2. WHAT DATA DOES SALES NEED, AND DOES IT GET IT?")
package = agreement.handoff.package
groups = [" or ".join(group) for group in package.one_of]
print(f"   promised: {', '.join([*package.required, *groups])}; where known: {', '.join(package.optional)}")
for lead, history in histories.items():
    done = history.handoffs[0].completeness
    if done is not None and done.missing:
        print(f"   {lead}: {done}")
kept = snapshot.metrics.information_completeness()
print(f"   → {kept.value:.0%} of {kept.n} promised pieces came" if isinstance(kept, Result) else f"   → {kept}")

# %% [markdown]
# ## 3. Is the buyer continuing a journey or starting a new one?
#
# How long was the silence, who asked what had been answered already, was the theme kept? The brief is what the person
# who calls should have read.

# %%
print("\n3. IS THE BUYER CONTINUING A JOURNEY, OR STARTING A NEW ONE?")
carried = {asset.id: asset.message for asset in agreement.assets if asset.message}
journeys: Counter[str] = Counter()
for lead, history in histories.items():
    taken = continuity(history, messages_of=carried)
    if taken is not None:
        journeys[taken.journey] += 1
        print(f"   {lead}: {taken}")
print(f"   → {', '.join(f'{count} {journey}' for journey, count in journeys.most_common())}")
page = brief(histories["L07"], leads["L07"], agreement, at=NOW).markdown()
print("   What whoever calls L07 should have read first:")
print("\n".join(f"   | {line}" for line in page.splitlines()[:40] if line))

# %% [markdown]
# ## 4. What feedback is welcomed, what is expected, and is it heard?

# %%
print("\n4. WHAT FEEDBACK IS WELCOMED, WHAT IS EXPECTED, AND IS IT HEARD?")
print(f"   welcome: {', '.join(agreement.feedback.welcome)}")
for expected in agreement.feedback.expected:
    due = f"after {' or '.join(expected.after)}" if expected.after else "every four weeks"
    print(f"   expected: {expected.from_} tells {expected.to} about the {expected.subject} {due}")
heard = feedback([*histories.values(), nobody], agreement, NOW)
for thread in heard.threads:
    print(f"   {thread.subject} {thread.about}: {thread.state}{f', {thread.action}' if thread.action else ''}")
for owed in heard.overdue:
    print(f"   late: {owed}")
print(f"   → {len(heard.threads) - len(heard.open)} of {len(heard.threads)} were told what came of what they said")

# %% [markdown]
# ## 5. Are we both held accountable for the same thing?
#
# Every target has an owner, and an incentive that both share. What both are paid for should be a metric that can be
# computed, has a target, and is under an agreement that both have signed.

# %%
print("\n5. ARE BOTH HELD ACCOUNTABLE FOR THE SAME THING?")
for incentive in agreement.incentives:
    both, metrics = " and ".join(incentive.functions), ", ".join(incentive.metrics)
    print(f"   {incentive.id}: {both} share {metrics} ({incentive.note})")
for target in agreement.targets_on(NOW.date()):
    answer = getattr(snapshot.metrics, target.metric)()
    held = isinstance(answer, Result) and target.at_least is not None and answer.value >= target.at_least
    now = f"{answer.value:.0%}" if isinstance(answer, Result) else str(answer)
    shared = any(target.metric in incentive.metrics for incentive in agreement.incentives)
    print(
        f"   {target.metric}: {now} of {target.at_least:.0%}, {'reached' if held else 'not reached'}; "
        f"{target.owner} owns it, {'both are paid for it' if shared else 'nobody else is paid for it'}"
    )
for duty in ("marketing", "sales"):
    promises = [clock for clock in board if clock.duty_of == duty]
    print(f"   {duty} kept {sum(clock.state == 'met' for clock in promises)} of {len(promises)} promises in time")
print(f"   → {'yes, and signed' if agreement.signed else '; '.join(agreement.reminders(NOW.date()))}")
