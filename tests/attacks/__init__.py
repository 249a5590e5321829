"""The catalogue of docs/security.md, proved row by row: ``python -m tests.attacks``."""
