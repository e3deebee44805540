"""A real model server (aimock) that speaks every provider's wire format, and a house whose tasks think through it."""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from colleague.testing.serving import free_port

ROOT = Path(__file__).parents[2]
AIMOCK = ROOT / ".peers/aimock/node_modules/@copilotkit/aimock/dist/cli.js"
SECRET = "sk-secret-of-the-provider"
Serve = Callable[..., str]


def script() -> list[dict[str, Any]]:
    """Return what the server answers, by the model's name: one name, one way to behave."""
    answers: list[dict[str, Any]] = []
    usage = {
        "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "input_tokens": 100, "output_tokens": 20,
        "promptTokenCount": 100, "candidatesTokenCount": 20, "totalTokenCount": 120,
    }  # fmt: skip

    def add(model: str, response: dict[str, Any], *, match: dict[str, Any] | None = None, **more: Any) -> None:
        answers.append({"match": {"model": model, **(match or {})}, "response": response, **more})

    def refuse(model: str, status: int, kind: str, **more: Any) -> None:
        add(model, {"error": {"message": f"{kind} {SECRET}", "type": kind}, "status": status, **more})

    reading = {"toolCalls": [{"name": "list_files", "arguments": "{}"}], "usage": usage}
    add("works", {"content": "The answer is forty-two, as page 7 says.", "usage": usage}, match={"hasToolResult": True})
    add("works", reading)
    add("circles", reading)
    refuse("busy", 429, "rate_limit_error", retryAfter=17)
    refuse("overloaded", 529, "overloaded_error")
    refuse("broken", 500, "server_error")
    refuse("away", 503, "server_error")
    refuse("badkey", 401, "authentication_error")
    refuse("denied", 403, "permission_error")
    refuse("bad", 400, "invalid_request_error")
    refuse("missing", 404, "not_found_error")
    add("cut", {"content": "word " * 400}, truncateAfterChunks=5, chunkSize=10)
    add("dropped", {"content": "word " * 400}, disconnectAfterMs=60, chunkSize=10, latency=20)
    add("garbled", {"content": "Then without it."}, match={"hasToolResult": True})
    add("garbled", {"toolCalls": [{"name": "read_document", "arguments": "{not json"}]})
    add("unknown", {"content": "Then without it."}, match={"hasToolResult": True})
    add("unknown", {"toolCalls": [{"name": "launch_rocket", "arguments": "{}"}]})
    add("empty", {"content": ""})
    add("slow", {"content": "word " * 80, "usage": usage}, latency=40, chunkSize=10)
    add("stalled", {"content": "word " * 80}, latency=3000, chunkSize=10)
    return answers


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start a model server with more flags (chaos); one for each set of flags; all end with the session."""
    if not AIMOCK.exists() or shutil.which("node") is None:
        pytest.skip("aimock is not installed: run `make peers`")
    file = tmp_path_factory.mktemp("aimock") / "script.json"
    file.write_text(json.dumps({"fixtures": script()}))
    running: dict[tuple[str, ...], tuple[subprocess.Popen[bytes], str]] = {}

    def start(*flags: str) -> str:
        if flags not in running:
            port = free_port()
            command = ["node", str(AIMOCK), "-p", str(port), "-f", str(file), "--strict", "--log-level", "silent"]
            process = subprocess.Popen([*command, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            running[flags] = (process, f"http://127.0.0.1:{port}")
            for _ in range(3000):
                assert process.poll() is None, f"{command} ended"
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10).close()
                    break
                except OSError:
                    time.sleep(0.1)
        return running[flags][1]

    yield start
    for process, _ in running.values():
        process.terminate()
        process.wait(10)


def line_of(kind: str, url: str) -> dict[str, Any]:
    """Return how a provider of this kind is reached at the model server."""
    match kind:
        case "openai" | "compatible":
            return {"address": f"{url}/v1", "key": "k"}
        case "azure":
            return {"address": url, "key": "k", "version": "2024-10-21"}
        case "bedrock":
            return {"address": url, "key": "AKIATEST:secret", "region": "eu-west-1"}
        case _:
            return {"address": url, "key": "k"}
