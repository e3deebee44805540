"""A model that plays recorded scripts, as a server that speaks the wire of an OpenAI-compatible endpoint, streamed.

A script is chosen by the words of the task, and its turn by how many turns the conversation holds: a worker that dies
in between changes nothing. A turn may be a function of what the tools have given so far.
"""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Say(NamedTuple):
    """One turn: text, and calls as (tool, arguments)."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


Play = Say | Callable[[list[str]], Say]


def use(tool: str, /, **arguments: Any) -> Say:
    return Say(calls=((tool, arguments),))


class RecordedModel:
    """The server. `scripts`: words of a task → its turns; after the last one it says «Done.»."""

    def __init__(self, scripts: dict[str, list[Play]]) -> None:
        model = self
        self.scripts, self.unknown = scripts, list[str]()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in model.chunks(asked["messages"])]
                body = "".join([*lines, "data: [DONE]\n\n"]).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def turn(self, messages: list[dict[str, Any]]) -> Say:
        said = "\n".join(_text(m) for m in messages if m["role"] == "user")
        script = next((turns for words, turns in self.scripts.items() if words in said), None)
        if script is None:
            self.unknown.append(said[-300:])
            return Say("I have no script for this.")
        done = sum(m["role"] == "assistant" for m in messages)
        if done >= len(script):
            return Say("Done.")
        play = script[done]
        return play if isinstance(play, Say) else play([_text(m) for m in messages if m["role"] == "tool"])

    def chunks(self, messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        say, number = self.turn(messages), len(messages)

        def chunk(delta: dict[str, Any], end: str | None = None, **more: Any) -> dict[str, Any]:
            choice = {"index": 0, "delta": delta, "finish_reason": end}
            head = {"id": f"r{number}", "object": "chat.completion.chunk", "created": 1, "model": "recorded"}
            return {**head, "choices": [choice], **more}

        yield chunk({"role": "assistant", "content": ""})
        for word in say.text.splitlines(keepends=True):
            yield chunk({"content": word})
        for place, (tool, arguments) in enumerate(say.calls):
            function = {"name": tool, "arguments": json.dumps(arguments)}
            yield chunk(
                {"tool_calls": [{"index": place, "id": f"c{number}_{place}", "type": "function", "function": function}]}
            )
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        yield chunk({}, "tool_calls" if say.calls else "stop", usage=usage)


def _text(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)
