"""Fixtures that pytest finds by entry point."""
