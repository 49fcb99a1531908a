"""Nouns: values that cannot be wrong, and the tables they live by. No clock, no log, no await."""
