"""Composition: settings, wiring and the command line."""
