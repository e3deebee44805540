"""Run every bench of this folder and print its table."""

import sys
from importlib import import_module
from pathlib import Path

names = sys.argv[1:] or sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
for name in names:
    print(f"\n== {name}", flush=True)
    import_module(f"bench.{name}").main()
