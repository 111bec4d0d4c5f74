"""The only code that the workflow calls: each activity fulfils a stub of ``workflows.contracts``."""
