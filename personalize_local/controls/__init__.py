"""What a test declares beside what was learned: pins, faults, the journal of calls, and the time."""
