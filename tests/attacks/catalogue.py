"""The rows of the catalogue as data; what each means stands in docs/security.md."""

ROWS: dict[int, str] = {
    1: "the relay changes keys or bytes of the opening",
    2: "the relay records today and breaks X25519 later",
    3: "the code is photographed and a stranger scans first, PC to phone",
    4: "a stranger pushes his certificate to the PC",
    5: "the code is photographed and the traffic recorded",
    6: "the code is swapped and the number ground",
    7: "a phisher's code is scanned, his number typed",
    8: "an old code is scanned again",
    9: "two scanners race",
    10: "rooms are guessed",
    11: "a seat is taken by a reconnect",
    12: "HTTP requests are sent by halves",
    13: "sockets are opened and never speak, rooms are hoarded",
    14: "a message is too large",
    15: "a message unfolds, or its length tells its content",
    16: "a device floods, or never reads",
    17: "a certificate's name is a path",
    18: "a certificate is overwritten",
    19: "a bundle is a bomb",
    20: "the protocol is talked down to an older one",
    21: "a person thinks to receive, and sends",
    22: "the phone is led to another relay or page",
    23: "a device's own messages come back",
    24: "messages of two sessions are spliced",
    25: "the end is cut off",
    26: "messages are put in another order",
    27: "a message is delivered twice",
    28: "a nonce is used twice",
    29: "the relay lies about what arrived",
    30: "the relay restarts in mid-copy",
    31: "the key does not fit the certificate",
    32: "the password is guessed over the wire",
    33: "a log tells a secret",
    34: "the code's fragment leaks from a browser",
    35: "the page's script is exchanged",
    36: "a name is markup",
    37: "a name steers the terminal",
    38: "a device borrows a name",
    39: "a foreign page opens the socket",
    40: "a page rebinds its name to the PC",
    41: "a client forges its address",
    42: "a person is led to the relay's address as to a page",
    43: "a key is a point of low order",
    44: "a message is malformed",
    45: "garbage burns the code",
    46: "a secret lies in arguments, environment, core dump or temporary file",
    47: "somebody on the Wi-Fi rewrites a plain-http page",
    48: "another app takes the link's scheme",
    49: "the traffic's shape tells what travels",
    50: "an unlocked PC is left alone",
    51: "a web site or another user reads the PC's own page",
    53: "guesses of a typed code are checked off line",
    57: "a typed code is answered by a hostile G",
    58: "a typed code's exchange is replayed",
    59: "a typed code's exchange is reflected",
    60: "the same digits stand elsewhere",
    61: "a share is a point of low order",
    62: "the time of the map tells the secret",
    71: "a relay's talk, or its silence, holds up the PC",
    76: "a key file takes gigabytes or minutes",
    77: "another user's closed connection passes for root's",
}
"""Every row of docs/security.md with a short name."""

WITHOUT_TEST: dict[int, str] = {
    38: "a name that nobody checks cannot be checked by a test; the texts label it as a hint",
    47: "whoever rewrites the page decides what it does; no test can pass where the defence "
    "is not to use plain http",
    48: "the project has no app; docs/protocol.md tells app makers to use verified https links",
    50: "what a person leaves open is open; sending still takes a selection, the password "
    "and the number, which rows 3 and 32 prove",
}
"""Rows that no test proves, each with its reason, which docs/security.md says too."""

IN_PART: dict[int, str] = {
    7: "that a person believes a phisher is not to be tested; tested is that the direction is "
    "told before the number is asked, and that nothing skips the number",
}
"""Rows whose tests prove less than the whole."""
