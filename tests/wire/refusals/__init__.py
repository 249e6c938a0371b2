"""Calls that the control plane refuses: class, status and text of each."""
