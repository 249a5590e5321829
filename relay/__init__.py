"""The relay: lets two devices meet in a room and carries sealed bytes between them.

It knows rooms, sizes and times; it cannot read what it carries and imports nothing that
could.  See docs/protocol.md §4.
"""
