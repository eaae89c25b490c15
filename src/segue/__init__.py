"""segue: a music recommender."""

__version__ = "0.1.0"
