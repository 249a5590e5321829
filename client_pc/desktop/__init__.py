"""The program on a desktop: its icon, a daily reminder, and faults that nobody would see.

``placing`` is `certrelay desktop`; ``linux``, ``windows`` and ``macos`` know what their system
wants, ``installed`` what was put there, ``launcher`` how this installation is started; ``notice``
and ``fault`` show something to a person without a terminal.
"""
