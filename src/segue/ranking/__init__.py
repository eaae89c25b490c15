"""Ranking: the candidates of a pool are put in order, best first."""
