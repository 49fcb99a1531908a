"""The world: wire, buses, journals, venues and feeds behind their ports."""
