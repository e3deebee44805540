"""Hashes, proofs and checkpoints are those of the published standards: anybody's tools can check ours."""

import base64
import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audit.ledgers import OTHER, SIGNER

from colleague.audit.signer import Public, load_signer
from colleague.audit.tree import EMPTY, Frontier, leaf_hash, node_hash

# The test vectors of the reference implementation of RFC 6962 (certificate-transparency, merkle tree tests).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a list of leaf hashes, by the recursive definition of the RFC."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(root_of(leaves[:split]), root_of(leaves[split:]))


def test_the_empty_tree_and_the_reference_roots() -> None:
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" == Frontier().root().hex()
    leaves = [leaf_hash(bytes.fromhex(x)) for x in LEAVES]
    frontier = Frontier()
    for size, leaf in enumerate(leaves, 1):
        frontier.append(leaf)
        assert frontier.root().hex() == root_of(leaves[:size]).hex() == ROOTS[size - 1]


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=70), st.data())
def test_a_frontier_stored_anywhere_goes_on_to_the_same_root(entries: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(e) for e in entries]
    cut = data.draw(st.integers(0, len(leaves)))
    frontier = Frontier()
    for leaf in leaves[:cut]:
        frontier.append(leaf)
    frontier = Frontier.restore(frontier.size, [n.hex() for n in frontier.nodes])
    for leaf in leaves[cut:]:
        frontier.append(leaf)
    assert frontier.root() == root_of(leaves)


@pytest.mark.parametrize(
    ("size", "nodes"), [(3, ["00" * 32]), (0, ["00" * 32]), (-1, []), (1, ["00"]), (1, ["zz" * 32])]
)
def test_a_frontier_that_cannot_be_is_refused(size: int, nodes: list[str]) -> None:
    with pytest.raises(ValueError):
        Frontier.restore(size, nodes)


def test_a_checkpoint_has_the_published_text_form() -> None:
    root = leaf_hash(b"x")
    note = SIGNER.sign(1234, root)
    body, signature = note.split("\n\n")
    assert body == f"colleague-ledger\n1234\n{base64.b64encode(root).decode()}"
    assert note.endswith("\n")
    assert signature.startswith("— colleague-ledger ")
    packed = base64.b64decode(signature.split(" ")[2])
    # C2SP signed-note: the key id is the head of SHA-256(name ‖ \n ‖ 0x01 ‖ key); then 64 bytes of Ed25519.
    assert packed[:4] == hashlib.sha256(b"colleague-ledger\n\x01" + SIGNER.public.raw).digest()[:4]
    assert len(packed) == 68
    SIGNER.key.public_key().verify(packed[4:], body.encode() + b"\n")
    said = SIGNER.public.open(note)
    assert said
    assert (said.size, said.root) == (1234, root)


def test_the_verifier_key_of_the_standard_opens_the_note_of_the_standard() -> None:
    # The example of golang.org/x/mod/sumdb/note, whose form the C2SP standard took over.
    public = Public.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert public.text() == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


@pytest.mark.parametrize("change", [
    lambda n: n.replace("1234", "1235"), lambda n: n.replace("1234", "01234"), lambda n: n.replace("\n\n", "\n"),
    lambda n: n.replace("colleague-ledger\n", "other\n", 1), lambda n: n[: n.index("—")], lambda n: "",
    lambda n: "\n\n",
    lambda n: n.replace("\n\n", "\nextension\n\n"), lambda n: OTHER.sign(1234, b"\0" * 32),
    lambda n: n.replace("— colleague-ledger ", "— colleague-ledger !"),
])  # fmt: skip
def test_an_altered_note_says_nothing(change: object) -> None:
    note = change(SIGNER.sign(1234, leaf_hash(b"x")))  # type: ignore[operator]
    assert SIGNER.public.open(note) is None


def test_even_a_signed_note_needs_a_plain_size_and_a_whole_root() -> None:
    assert SIGNER.public.open(SIGNER.sign(-1, b"\0" * 32)) is None
    assert SIGNER.public.open(SIGNER.sign(1, b"\0" * 31)) is None


@given(st.text(max_size=200))
def test_any_text_is_no_checkpoint(text: str) -> None:
    assert SIGNER.public.open(text) is None


def test_the_key_lies_in_a_file_of_its_owner_and_stays(tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "deep" / "ledger.key"
    first, again = load_signer(file), load_signer(file)
    assert first.sign(1, EMPTY) == again.sign(1, EMPTY)
    assert file.stat().st_mode & 0o777 == 0o600
    assert Public.parse(file.with_suffix(".pub").read_text()) == first.public
