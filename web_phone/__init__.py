"""The phone's page: static ES modules, carried as package data.

Nothing here runs in Python; `relay.page` serves these files by an explicit list.
"""
