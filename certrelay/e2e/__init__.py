"""What the relay must not be able to do: QR secrets, handshake, sealed channel, transfer."""
