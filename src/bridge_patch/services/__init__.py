"""Verbs: they touch the world through ports and decide nothing below an await."""
