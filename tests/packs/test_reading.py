"""Policy files: the shipped sample is one; of a broken one the file, the line, and what to write instead is said.

Nothing of a broken file is loaded, and a hostile one is refused within a second.
"""

from __future__ import annotations

from importlib import resources

SAMPLE = resources.files("escalations.packs").joinpath("default-sample.yaml").read_text("utf-8")
ONE_CLOCK = "{id: x, awaits: respond, waits_for: responding, starts_from: delivered, limits: {}}"
