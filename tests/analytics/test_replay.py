"""Replay in bulk gives the clocks that folding gives; what-if shows who is affected."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadbridge.agreement import Agreements
from leadbridge.analytics import Snapshot
from leadbridge.analytics.flatten import histories
from leadbridge.analytics.replay import replay, replay_snapshot
from leadbridge.clock import to_us
from tests.analytics.replaying import NOW, of_leads, series, standing, stories

slow = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@slow
@given(st.data(), series())
def test_clocks_from_tables_are_the_clocks_that_are_folded(data: st.DataObject, versions: Agreements) -> None:
    story = of_leads(data.draw(stories(name, (0, 1, 2))) for name in ("a", "b", "c"))
    folded = list(histories(story, NOW))
    with Snapshot.from_histories(folded, now=NOW) as snapshot:
        with replay(folded, agreements=versions, at=NOW) as slowly:
            with replay_snapshot(snapshot.directory, to_us(NOW), versions) as quickly:
                assert standing(quickly) == standing(slowly)
                assert quickly.silent == slowly.silent
