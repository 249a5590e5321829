"""Certificate files on a disk: the one room that reads and writes them, for PC and phone."""
