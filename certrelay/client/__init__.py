"""What both clients share, with I/O: the flow of a copy, a link to the relay, store, terminal."""
