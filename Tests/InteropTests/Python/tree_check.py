"""Compares a Merkle tree with pymerkle's (RFC 9162 with SHA-256).

Reads JSON lines on standard input:

    {"entry": BASE64}                                   the next leaf's octets
    {"size": N, "root": HEX}                            the root of the first N entries
    {"size": N, "index": I, "path": [HEX, ...]}         an inclusion proof, the leaf's sibling first; I from 0
    {"from": M, "size": N, "path": [HEX, ...]}          a consistency proof as in RFC 9162, 0 < M < N

Entries come before whatever speaks of them. Prints `ok ROOTS INCLUSIONS CONSISTENCIES` and exits with 0, or names the first line that
differs and exits with 1.
"""

import base64
import json
import sys

from pymerkle import InmemoryTree, InvalidProof, verify_inclusion


def check_root(tree, size, root):
    return tree.get_root(size) == root


def check_inclusion(tree, size, index, path):
    """Their verifier, its idea of the proof's form, and our hashes."""
    leaf = tree.get_leaf(index + 1)
    proof = tree.prove_inclusion(index + 1, size)
    theirs = list(proof.path)
    proof.path = [leaf] + path
    try:
        verify_inclusion(leaf, tree.get_root(size), proof, index=index + 1, size=size, algorithm="sha256")
    except InvalidProof:
        return False
    return theirs == proof.path


def check_consistency(tree, old, new, path):
    """RFC 9162 §2.1.4.1 as it is written, over their hashes of the leaves' ranges."""

    def root(low, high):
        part = InmemoryTree(algorithm="sha256")
        hashes = [tree.get_leaf(index + 1) for index in range(low, high)]
        while len(hashes) > 1:
            pairs = [part.hash_pair(*hashes[at : at + 2]) for at in range(0, len(hashes) - 1, 2)]
            hashes = pairs + ([hashes[-1]] if len(hashes) % 2 else [])
        return hashes[0]

    def subproof(count, low, high, whole):
        if count == high - low:
            return [] if whole else [root(low, high)]
        split = 1
        while split * 2 < high - low:
            split *= 2
        if count <= split:
            return subproof(count, low, low + split, whole) + [root(low + split, high)]
        return subproof(count - split, low + split, high, False) + [root(low, low + split)]

    return subproof(old, 0, new, True) == path


def main():
    tree = InmemoryTree(algorithm="sha256")
    roots = inclusions = consistencies = 0
    for number, line in enumerate(sys.stdin, start=1):
        item = json.loads(line)
        if "entry" in item:
            tree.append_entry(base64.b64decode(item["entry"], validate=True))
            continue
        if item["size"] > tree.get_size():
            sys.exit(f"line {number}: size {item['size']} is beyond the {tree.get_size()} entries so far")
        if "root" in item:
            good = check_root(tree, item["size"], bytes.fromhex(item["root"]))
            roots += 1
        else:
            path = [bytes.fromhex(hash) for hash in item["path"]]
            if "index" in item:
                good = check_inclusion(tree, item["size"], item["index"], path)
                inclusions += 1
            else:
                good = check_consistency(tree, item["from"], item["size"], path)
                consistencies += 1
        if not good:
            sys.exit(f"line {number} differs: {line.strip()}")
    print(f"ok {roots} {inclusions} {consistencies}")


if __name__ == "__main__":
    main()
