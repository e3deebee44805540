"""The Merkle tree of RFC 6962 (section 2.1): hashes, and a frontier that grows by a leaf in O(log n). Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The full subtrees at the right edge, largest first: all that is needed to append and to know the root."""

    size: int = 0
    nodes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.nodes.append(leaf)
        self.size += 1
        # One merge for each trailing zero bit of the new size.
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self.nodes.pop()
            self.nodes[-1] = node_hash(self.nodes[-1], right)

    @staticmethod
    def restore(size: int, nodes: Iterable[str]) -> "Frontier":
        """Return a frontier from what was stored (hexadecimal nodes); ValueError if it cannot be one of `size`."""
        raw = [bytes.fromhex(n) for n in nodes]
        if size < 0 or len(raw) != size.bit_count() or any(len(n) != 32 for n in raw):
            raise ValueError("no frontier of this size")
        return Frontier(size, raw)

    def root(self) -> bytes:
        """Return the root hash of all leaves so far."""
        if not self.nodes:
            return EMPTY
        result = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            result = node_hash(node, result)
        return result
