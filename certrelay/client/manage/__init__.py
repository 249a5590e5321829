"""Many certificates: what is there, which are meant, and what is done with each.

No words and no options: the command line is a view of these functions, as a page can be.
"""
