"""certrelay: copies a certificate between a phone and a PC through a relay that cannot read it."""

__version__ = "0.1.0"
