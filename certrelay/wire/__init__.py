"""What the relay may know: ids, control messages, the room's rules, the release policy."""
