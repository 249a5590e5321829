"""The PC: shows the QR code, receives and sends certificates, keeps them on disk."""
