"""Candidates: sources that nominate them, their merging into a pool, and search by name."""
