"""Verdicts: pure rules over one case, and the only mint of an approval."""
