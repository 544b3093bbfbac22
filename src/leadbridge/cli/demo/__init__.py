"""``leadbridge demo``: the main job, end to end, on two simulated CRMs over real HTTP."""

from leadbridge.cli.demo.command import demo

__all__ = ["demo"]
