"""How far a reader walks through our files."""
