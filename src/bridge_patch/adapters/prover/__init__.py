"""The Governor's own functions, executed on symbols, and an SMT solver to judge the paths.

Needs the optional extra `proofs` (z3-solver); nothing that trades imports it.
"""
