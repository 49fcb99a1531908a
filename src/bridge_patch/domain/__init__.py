"""Nouns: values that cannot be wrong, and their tables. Standard library only."""
