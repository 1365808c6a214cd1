"""The suite's own modules (layout, verdicts) are found from its tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
