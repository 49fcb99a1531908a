"""Verbs: services that touch the world only through ports."""
