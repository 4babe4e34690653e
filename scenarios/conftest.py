"""Makes `pytest scenarios` work from the root of the tree without any environment variable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "harness"))

pytest_plugins = ["ikelab.plugin", "ikelab.conformance.plugin", "ikelab.hostile.options"]
