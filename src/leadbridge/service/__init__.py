"""The service: round after round for as long as nobody stops it, what ``leadbridge run`` does.

::

    with Bridge.open() as bridge:
        service = Service(bridge, every=timedelta(minutes=1), watchers=[Journal()])
        signal.signal(signal.SIGTERM, lambda *_: service.bell.stop())
        service.run()

A turn is a sync as :meth:`leadbridge.Bridge.sync` does it, so a service has no memory of its own: killed at any moment,
the next one carries on, and several may share one database. Everything else looks on: :class:`Health` judges the turns,
:class:`Journal` writes them down, :class:`~leadbridge.service.meters.Meters` counts, and
:mod:`leadbridge.service.front` shows it over HTTP and takes webhooks as a reason to be early.
"""

from leadbridge.service.bell import Bell
from leadbridge.service.chores import Chores
from leadbridge.service.health import Health, Standing
from leadbridge.service.journal import Journal
from leadbridge.service.service import Service
from leadbridge.service.turn import Turn, Watcher

__all__ = ["Bell", "Chores", "Health", "Journal", "Service", "Standing", "Turn", "Watcher"]
