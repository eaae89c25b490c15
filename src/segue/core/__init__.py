"""Values and protocols: what the parts of segue hand to each other."""
