"""Certificate files as Korean PCs and phones hold them: bytes in, values out, no clock."""
