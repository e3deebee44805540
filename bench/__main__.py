"""Run every bench of this folder, or the named ones, and print their tables: `python -m bench [NAME …]`."""

import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

names = sys.argv[1:] or sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
console = Console(width=150)
for name in names:
    table = Table("what", "value", "unit", "beside", title=name, title_justify="left", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for what, value, unit, anchor in import_module(f"bench.{name}").bench():
        shown = f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
        table.add_row(what, shown, unit, anchor)
    console.print(table, "")
