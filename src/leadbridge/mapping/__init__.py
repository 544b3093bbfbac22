"""The crosswalk between a CRM's records and leads, as data, both ways.

A crosswalk says, for each kind of record, what it stands for (``as``), which of its fields hold which canonical ones
(``fields``), and what the values of its picklists mean on our axes (``values``). An adapter brings a default; the
agreement's own crosswalk is laid over it. Fields that this account does not have are frozen and reported, never taken
for blank. Values are compared exactly, first with what is stored, then with what people see, and are never guessed.
"""

from leadbridge.mapping.connection import ConnectionMapping, compile_mapping
from leadbridge.mapping.kind import Frozen, KindMapping
from leadbridge.mapping.leads import record_digest
from leadbridge.mapping.people import People

__all__ = ["ConnectionMapping", "Frozen", "KindMapping", "People", "compile_mapping", "record_digest"]
