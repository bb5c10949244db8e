"""RFC 6962 hashing and proofs, against the vectors of its reference implementation and by exhaustion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.security.audit import merkle, notes, receipts
from zhengtong.security.audit.merkle import Misfit
from zhengtong.security.audit.records import Range

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
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


def leaves(number: int, algorithm: str) -> list[bytes]:
    return [merkle.leaf_hash(str(n).encode(), algorithm) for n in range(number)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_of_rfc_6962(size):
    growing = Range("sha256")
    for data in LEAVES[:size]:
        growing.push(data)
    tree = merkle.tree_of([merkle.leaf_hash(data) for data in LEAVES[:size]])
    assert tree.root().hex() == growing.root().hex() == ROOTS[size - 1]


@pytest.mark.parametrize("algorithm", merkle.ALGORITHMS)
def test_every_proof_of_every_small_tree_holds_and_no_other(algorithm):
    hashes = leaves(40, algorithm)
    tree = merkle.tree_of(hashes, algorithm)
    for size in range(1, 41):
        root = tree.root(size)
        for index in range(size):
            proof = tree.inclusion(index, size)
            assert merkle.root_from_inclusion(hashes[index], index, size, proof, algorithm) == root
        for old in range(1, size + 1):
            proof = tree.consistency(old, size)
            merkle.check_consistency(old, size, tree.root(old), root, proof, algorithm)
            with pytest.raises(Misfit):
                merkle.check_consistency(old, size, tree.root(old), merkle.leaf_hash(b"x"), proof, algorithm)
            with pytest.raises(Misfit):
                merkle.check_consistency(old, size, tree.root(old), root, [*proof, root], algorithm)


@given(st.integers(1, 3000), st.data())
def test_proofs_of_larger_trees(size, data):
    hashes = [n.to_bytes(32, "big") for n in range(size)]
    tree, index = merkle.tree_of(hashes), data.draw(st.integers(0, size - 1))
    proof = tree.inclusion(index)
    assert merkle.root_from_inclusion(hashes[index], index, size, proof) == tree.root()
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof[:place], b"x" * 32, *proof[place + 1 :]]
        assert merkle.root_from_inclusion(hashes[index], index, size, bent) != tree.root()
        with pytest.raises(Misfit):
            merkle.root_from_inclusion(hashes[index], index, size, proof[:-1])


def test_no_proof_outside_the_tree():
    tree = merkle.tree_of(leaves(5, "sha256"))
    for call in (lambda: tree.inclusion(5), lambda: tree.consistency(3, 6), lambda: tree.consistency(4, 3)):
        with pytest.raises(Misfit):
            call()


@given(st.binary(max_size=200))
def test_base45_there_and_back(data):
    assert receipts.unbase45(receipts.base45(data)) == data


def test_base45_of_rfc_9285():
    assert receipts.base45(b"Hello!!") == "%69 VD92EX0"
    for wrong in (":::", "A", "GGW5", "äb"):
        with pytest.raises(notes.BadNote):
            receipts.unbase45(wrong)


@given(st.text(max_size=300))
def test_no_text_is_a_note_by_accident(text):
    with pytest.raises(notes.BadNote):
        notes.open_checkpoint(text, [notes.Key("a", notes.ED25519, bytes(32))])
    with pytest.raises((notes.BadNote, Misfit)):
        receipts.check(text, [notes.Key("a", notes.ED25519, bytes(32))])
