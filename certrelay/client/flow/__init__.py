"""What happens between the person and the protocol, the same on both devices.

``session`` runs one room to its end, ``sending`` and ``receiving`` are the two parts that a
device can play in it, ``dialogue`` is how questions are put, ``choosing`` how certificates
are picked and their passwords checked.
"""
