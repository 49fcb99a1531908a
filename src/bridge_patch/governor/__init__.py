"""Verdicts: what may be traded, and why not; it only ever says no or less."""
