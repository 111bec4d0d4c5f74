"""What is promised of speed and size, measured: ``python -m benchmarks``, or one of them by its name."""

import sys

# As Python runs by itself. The sandbox reads the workflow's file for each new workflow, and without bytecode beside it
# compiles it each time, ours and the bare one alike.
sys.dont_write_bytecode = False
