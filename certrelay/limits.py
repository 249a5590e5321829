"""The numbers that several modules share, each with its unit and its reason.

Nothing here is a secret and nothing here changes at run time.  What an operator or a
test may change is a setting of the program concerned, with one of these as its default.

Source: docs/protocol.md (CRP/1).
"""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# --- the relay's channel (docs/protocol.md §4) ---

MAX_CONTROL_BYTES: Final = 1 * KIB
"""Bytes of one text message, as UTF-8: the longest of ours is below 400."""

MAX_MESSAGE_BYTES: Final = 32 * KIB
"""Bytes of one WebSocket message: the largest sealed frame is 16,674."""

MAX_FRAGMENTS: Final = 64
"""Fragments of one WebSocket message: a browser cuts 32 KiB into one or two, and empty ones would
pile up without ever reaching the largest size."""

MAX_INTEGER: Final = 2**53 - 1
"""The largest integer in JSON that every language reads exactly."""

MAX_JSON_DEPTH: Final = 32
"""Levels of a value below its object: our own messages have four, and whoever reads deeper ones
would refuse where its stack ends."""

ROOM_BUDGET_BYTES: Final = 4 * MIB
"""Sealed bytes relayed in one room, both ways: four times the largest bundle."""

ROOM_BUDGET_MESSAGES: Final = 1024
"""Sealed messages relayed in one room, both ways: bounds what a guest can cost."""

FIRST_MESSAGE_S: Final = 5.0
"""Seconds a new socket may stay silent before the relay closes it."""

UNCLAIMED_S: Final = 120.0
"""Seconds from `created` until a room that nobody joined ends: the life of one QR."""

SESSION_S: Final = 600.0
"""Seconds from `paired` until the room ends, whatever happens in it."""

GRACE_S: Final = 60.0
"""Seconds a device may be away before the relay ends the room."""

UNCLAIMED_GRACE_S: Final = 20.0
"""The same for G before anybody has joined: such a room costs its creator nothing."""

DEAD_ROOM_S: Final = 600.0
"""Seconds for which the relay remembers that a room was used or expired."""

MAX_DEAD_ROOMS: Final = 100_000
"""Dead rooms remembered at most: about 100 bytes each."""

MAX_VERSION_TEXT: Final = 32
"""Characters of a platform, release or OS version at `join`."""

PING_S: Final = 20.0
"""Seconds between WebSocket pings."""

SILENCE_S: Final = 60.0
"""Seconds after which a connection that acknowledges nothing counts as lost."""

QUIET_S: Final = 10.0
"""Seconds without a sign of the relay after which a client asks whether it is there."""

ANSWER_PING_S: Final = 15.0
"""Seconds for the relay's answer.  Together they leave most of the grace for coming back, since
the relay may have noticed the loss at once; a slow link is never so long without a sign."""

# --- the ends (docs/protocol.md §5 to §8) ---

HANDSHAKE_S: Final = 30.0
"""Seconds from `paired` until the channel must stand."""

NUMBER_S: Final = 120.0
"""Seconds from the number's display until it must have been typed."""

NUMBER_DELAY_S: Final = 0.5
"""Seconds the receiver waits for word of the sender's step before it shows the number: a sender
that is still choosing says so at once, and has no field for the number yet."""

SAVE_QUESTION_S: Final = 120.0
"""Seconds to answer "save?"; unanswered is declined."""

SEEN_QUESTION_S: Final = 120.0
"""Seconds to answer a page's question whether the file is there; unanswered is unconfirmed."""

SEEN_RESERVE_S: Final = 5.0
"""Seconds before the session's end at which that question ends too: the receipt must go out."""

CLOSE_WAIT_S: Final = 5.0
"""Seconds the closing device waits for its acknowledgement, and the other for `closed`."""

LEAVE_WAIT_S: Final = 2.0
"""Seconds a device that has sent `leave` waits for the relay to close the socket."""

INTERRUPTED_WAIT_S: Final = 0.3
"""Seconds in place of each of these waits where the person wants to end the program: what was said
is on its way, and whether it arrives is not worth a person's patience."""

ANSWER_S: Final = 10.0
"""Seconds in which a relay must answer the first `create` or `join`; then it is none."""

HANDSHAKE_REPEAT_S: Final = 3.0
"""Seconds between repetitions of m1 and of m3."""

JOIN_RETRY_S: Final = 2.0
"""Seconds between tries to join while the PC is away (`peer_not_ready`)."""

FRAME_REPEAT_S: Final = (3.0, 6.0, 12.0, 15.0)
"""Seconds until unacknowledged frames are sent again; the last one stays."""

RECONNECT_S: Final = (1.0, 2.0)
"""The shortest and the longest wait between two tries to reconnect, in seconds."""

QR_RENEWALS: Final = 5
"""How often the PC shows a fresh QR by itself before it gives up."""

CODES_PER_ROOM: Final = 5
"""Typed codes that one QR code is shown with: a relay's chance is 5 in a hundred million."""

CODE_UNUSED_S: Final = 10.0
"""Seconds from the answer to a typed code until a fresh one is shown, if nobody has joined."""

CODE_WAIT_S: Final = 15.0
"""Seconds after which the relay closes the socket of who waits for the answer to a typed code."""

CODE_FRESH_S: Final = 60.0
"""Seconds of a room below which a fresh QR code comes before a typed code."""

M1_TRIES: Final = 3
"""First messages that may fail to open before the QR is burnt."""

NUMBER_TRIES: Final = 3
"""Entries of the number: a stranger's chance is 3 in a million per QR."""

NUMBER_DIGITS: Final = 6
"""Digits of the number that people compare."""

PASSWORD_TRIES: Final = 5
"""Entries of a certificate's password before the program gives up."""

HELLO_BYTES: Final = 512
"""Bytes of a hello, blanks included: its length tells nothing."""

MAX_NAME_BYTES: Final = 64
"""UTF-8 bytes of a device's name."""

WINDOW_FRAMES: Final = 8
"""Frames that may be unacknowledged at once."""

MAX_SEQ: Final = 2**32 - 1
"""The largest sequence number; a session of 1,024 messages never comes near it."""

SMALL_PAYLOAD_BYTES: Final = 1024
"""Bytes of every frame's payload but a large one's: lengths tell nothing."""

LARGE_PAYLOAD_BYTES: Final = 16_640
"""Bytes of a CHUNK's payload, and of a body that does not fit the small one."""

CHUNK_BYTES: Final = 16_384
"""Content bytes of a full CHUNK."""

MAX_FILE_BYTES: Final = 64 * KIB
"""Bytes of one file: a certificate is 1 to 4 KiB, a PKCS#12 with a chain below 20."""

MAX_ITEMS: Final = 20
"""Certificates in one pairing."""

MAX_BUNDLE_BYTES: Final = 1 * MIB
"""Bytes of all files of one pairing together."""

# --- certificate files ---

MAX_KDF_ITERATIONS: Final = 5_000_000
"""Iterations that a key file may name: files seen have 100 to 100,000; a hostile one could name
2**31 and hang the program."""

MAX_KDF_WORK: Final = 10_000_000
"""Work that one key file may ask for, in rounds of about a microsecond (`certrelay.pki.kdf`):
`MAX_KDF_ITERATIONS` for a key of two blocks, or N * r * p of scrypt."""

QUICK_KDF_WORK: Final = 250_000
"""Work that is done at once, in about a third of a second: nearly every real file.  More is done
where Ctrl-C can end it."""

KDF_S: Final = 20.0
"""Seconds after which a derivation is given up, whatever was reckoned: on a slow PC the same work
takes longer."""

MAX_SCRYPT_BYTES: Final = 256 * MIB
"""Memory that a file may ask of scrypt, 128 * r * (N + p + 2): OpenSSL's own default takes 16 MiB
of tables."""

MAX_SCRYPT_PASSES: Final = 16
"""Parallel passes (p) that a file may ask of scrypt: the usual figure is 1."""

MAX_NAME_COMPONENT_BYTES: Final = 180
"""UTF-8 bytes of a folder or file name that comes from a certificate: file systems take 255,
encrypted home folders 143 to 200, and a number or an ending may still be added."""

RENEWAL_DAYS: Final = 30
"""Days before its last one from which a certificate counts as expiring: renewal opens then."""

TRASH_DAYS: Final = 30
"""Days for which a deleted certificate can be put back."""

MAX_CRL_BYTES: Final = 16 * MIB
"""Bytes of a revocation list: Korean ones are split and below 1 MiB, whole ones grow."""

# --- what a person sees ---

MAX_SHOWN_CELLS: Final = 64
"""Terminal cells of one foreign text (a name, a CN), so that it cannot flood a line."""

MAX_STACKED_MARKS: Final = 4
"""Combining marks on one character: living scripts have up to three, and a thousand would cover
the screen."""
