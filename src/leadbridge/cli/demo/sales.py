"""What salespeople do in Salesforce: take leads, call, accept, refuse with reasons, convert, win. Some are slow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from leadbridge.adapter import Ref, Value
from leadbridge.cli.demo.scene import Scene
from leadbridge.clock import iso

__all__ = ["SalesTeam"]

_REFUSALS = ("Wrong industry", "Wrong role", "Duplicate", "Competitor", "Student", "Bad data")
_PACE = (0.7, 0.35, 0.08)
"""The chance that a rep gets round to a lead in one visit: one is quick, one normal, one slow."""


@dataclass
class SalesTeam:
    """Three reps and a queue. ``done`` counts what they did."""

    scene: Scene
    reps: list[str]
    queue: str
    random: Random
    rep_of: dict[Ref, int] = field(default_factory=dict)
    waiting: list[Ref] = field(default_factory=list)
    working: list[Ref] = field(default_factory=list)
    converted: list[Ref] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, scene: Scene, random: Random) -> SalesTeam:
        """The people whom the simulated org knows, but for the one that leadbridge signs in as."""
        description = scene.adapters["sf"].describe()
        people = [o.id for o in description.owners if o.kind == "person" and o.active and o.id != description.user]
        queues = [o.id for o in description.owners if o.kind == "queue"]
        return cls(scene, people[:3], queues[0], random)

    def route(self) -> None:
        """New leads go to the queue."""
        for row in self.scene.salesforce.crm.dump("Lead"):
            if row["id"] not in self.seen and not row["IsConverted"]:
                ref = Ref("Lead", str(row["id"]))
                self.seen.add(ref.id)
                self.scene.salesforce.crm.assign(ref, self.queue)
                self.waiting.append(ref)
                self.done["routed"] += 1

    def take(self) -> None:
        """Leads in the queue are dealt out in turn."""
        for number, ref in enumerate(self.waiting):
            rep = number % len(self.reps)
            self.rep_of[ref] = rep
            self.scene.salesforce.crm.assign(ref, self.reps[rep])
            self.done["assigned"] += 1
        self.working += self.waiting
        self.waiting = []

    def work(self) -> None:
        """Each rep gets round to some leads: a call, then an answer."""
        later: list[Ref] = []
        for ref in self.working:
            if self.random.random() > _PACE[self.rep_of[ref] % len(_PACE)]:
                later.append(ref)
                continue
            self._answer(ref)
        self.working = later

    def _answer(self, ref: Ref) -> None:
        crm, luck = self.scene.salesforce.crm, self.random.random()
        if luck < 0.22:
            self._close(ref, self.random.choice(_REFUSALS), "refused")
            return
        self._call(ref)
        if luck < 0.36:
            for _ in range(2):
                self._call(ref)
            self._close(ref, self.random.choice(("No response", "No budget")), "recycled")
            return
        crm.edit(ref, {"Status": "Working - Contacted"})
        self.done["accepted"] += 1
        self.converted.append(ref)

    def _call(self, ref: Ref) -> None:
        task: dict[str, Value] = {
            "WhoId": ref,
            "Subject": "Call",
            "TaskSubtype": "Call",
            "CallType": "Outbound",
            "Status": "Completed",
            "ActivityDate": iso(self.scene.clock.now())[:10],
        }
        self.scene.salesforce.crm.seed("Task", [task])
        self.done["calls"] += 1

    def _close(self, ref: Ref, reason: str, what: str) -> None:
        self.scene.salesforce.crm.edit(ref, {"Status": "Closed - Not Converted", "Rejection_Reason__c": reason})
        self.done[what] += 1

    def close_deals(self) -> None:
        """Some accepted leads become opportunities, some of these are won."""
        for ref in self.converted:
            if self.random.random() < 0.45:
                amount = float(self.random.randrange(5, 120) * 1000)
                contact = self.scene.salesforce.crm.convert(
                    ref, owner=self.reps[self.rep_of[ref]], opportunity="New business", amount=amount
                )
                self.done["converted"] += 1
                if self.random.random() < 0.4:
                    self.scene.salesforce.crm.win(contact)
                    self.done["won"] += 1
        self.converted = []
