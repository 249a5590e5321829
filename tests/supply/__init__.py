"""What the project is built from: locked packages with their hashes, and their licences."""
