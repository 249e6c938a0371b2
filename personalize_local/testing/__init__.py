"""What tests of code that calls Personalize use: ``mock_personalize`` and the pytest fixtures of ``plugin``."""

from personalize_local.testing.mock import MockPersonalize, mock_personalize

__all__ = ["MockPersonalize", "mock_personalize"]
