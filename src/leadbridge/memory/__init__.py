"""The in-memory adapter: the whole contract without a network, and the first thing the author of an adapter should
read.

:class:`MemoryCrm` is the CRM, with its back door for people and workflows; :class:`MemoryAdapter` talks to it as an
adapter talks to a vendor: pages on ties, a change that shows late, merges that leave aliases behind, conditional
writes, picklists that refuse, stages that only go forward, answers that get lost. Nothing here is kept when the
process ends.
"""

from __future__ import annotations

from leadbridge.memory.adapter import MemoryAdapter
from leadbridge.memory.crm import MemoryCrm
from leadbridge.memory.schema import OWNERS, default_crosswalk, default_kinds

__all__ = ["OWNERS", "MemoryAdapter", "MemoryCrm", "default_crosswalk", "default_kinds"]
