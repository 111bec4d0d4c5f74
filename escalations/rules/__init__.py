"""The rules: pure functions over frozen models. No clock, no input or output, nothing of ours but each other."""
