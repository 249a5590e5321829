"""A simulated phone: reads the PC's QR code from a picture and speaks the protocol for real."""
