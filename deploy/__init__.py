"""What stands around the programs: units, fronts, containers, and the archive."""
