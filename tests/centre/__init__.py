"""The centre: the real program over real sockets, as its page drives it."""
