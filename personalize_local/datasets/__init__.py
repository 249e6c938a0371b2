"""Datasets: schemas, CSV imports, columnar segments, and the snapshots that trainings read."""
