"""A line between a browser and the product that can be cut: every open connection breaks, new ones find nobody."""

import contextlib
import socket
import threading


class Line:
    """A port on this machine that leads to another one until it is cut, and again when it is mended."""

    def __init__(self, to: int) -> None:
        self._to, self._up, self._open = to, True, set[socket.socket]()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self.broken = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and take no other; count those that were broken."""
        self._up = False
        for one in list(self._open):
            self.broken += 1
            self._end(one)

    def mend(self) -> None:
        self._up = True

    def close(self) -> None:
        self.cut()
        self._end(self._door)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
                if not self._up:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            self._open |= {near, far}
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near), daemon=True).start()

    def _carry(self, source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                to.sendall(data)
        for one in (source, to):
            self._end(one)

    def _end(self, one: socket.socket) -> None:
        self._open.discard(one)
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
