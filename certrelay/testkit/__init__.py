"""Peers and certificates for tests, importable by anyone who builds on the protocol.

Without any socket, in one process and with a clock that is moved by hand:

    pair            two drivers and the relay's rules; people are functions
    victim          one honest driver, face to face with whoever the tester plays
    hostile_phone   a phone with the right code and no scruples
    hostile_pc      the same as a PC
    hostile_end     what both seal once they have the keys: anything
    tampering       what a relay can do to what it carries, a class for each trick
    guessing        a relay that guesses typed codes, at either end
    malformed       every kind of malformed message, by name

Over sockets, against real programs and apps:

    blocking_socket one blocking socket for a hostile phone or PC
    hostile_relay   a relay in front of an honest one that plays a trick of `tampering`
    trials          PCs that do one thing wrong each: `python -m certrelay.testkit`
    proxy           a bad network: cuts, silences, stalls, slows, moves to another address

And ``ca``: certificates and keys as Korean authorities issue them, of nobody.

To try an app at its worst, point it at a hostile relay, or let it scan a hostile PC's code:

    pc = HostilePc("http://127.0.0.1:8765/", Direction.TO_PC, os.urandom)
    with BlockingSocket(pc.qr.origin.text) as carrier:
        carrier.say(pc.create())
        ...                                               # the app scans pc.url
        carrier.send(pc.answer(carrier.hear_sealed(1)))   # m1 in, m2 out
        carrier.send(pc.finish(carrier.hear_sealed(3)))   # m3 in, its acknowledgement out
        carrier.send(pc.channel.frame(99, b"anything"))
"""
