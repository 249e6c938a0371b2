"""Batch inference and batch segment jobs: the same questions as in real time, millions at a time."""
