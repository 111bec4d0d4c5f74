"""What is kept: the register, what is sealed, and everything that is derived from the two.

Every function here takes an open transaction and the moment that the caller counts as now. Nothing reads a clock, and
nothing commits: the caller owns the transaction, so that a register entry, its read models and the settled submission
stand or fall together.
"""
