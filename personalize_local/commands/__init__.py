"""The commands that talk with a running server or run other programs, and what all commands share."""
