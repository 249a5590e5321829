"""The models in docs/models, run by their checkers."""
