"""Applications served on a free port of this machine, from a thread of their own: the far side of a real wire."""

import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal


def free_port() -> int:
    """Return a port of this machine that is free, and that no connection going out is given before it is used.

    Those get theirs from 32768 on (Linux), so it lies below.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def serving(app: Any, *, lifespan: Literal["on", "off"] = "off") -> Iterator[int]:
    """Serve an ASGI application on 127.0.0.1 while the context lasts, and give its port."""
    import uvicorn

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="critical", lifespan=lifespan, timeout_graceful_shutdown=1, ws="none", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def json_app(answer: Callable[[str, bytes, dict[str, str]], tuple[int, Any]]) -> Any:
    """Return an ASGI application that answers (path, body, headers) with a status and JSON."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        status, value = answer(scope["path"], body, {k.decode(): v.decode() for k, v in scope["headers"]})
        sent = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": json.dumps(value).encode()})

    return app
