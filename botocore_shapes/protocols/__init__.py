"""The wire protocols: how each carries requests, results and errors."""
