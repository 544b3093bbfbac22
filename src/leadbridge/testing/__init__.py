"""For authors of adapters: the conformance suite and a funnel with known truth."""
