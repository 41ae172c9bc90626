"""A process that forgets a customer and can be killed: python -m tests.trust.forgetter STORE ID"""

from __future__ import annotations

import sys
from pathlib import Path

from analyzer.config import load_settings
from analyzer.progress import Silent
from analyzer.trust.forget import forget

if __name__ == "__main__":
    print("ready", flush=True)
    forget(Path(sys.argv[1]), "customer", sys.argv[2], load_settings(), Silent())
