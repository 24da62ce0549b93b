import Basics

/// Checking proofs (RFC 9162 §2.1.3.2, §2.1.4.2). A proof is worth what the root is worth: check the checkpoint's signature first.
/// It is also the checkpoint alone that binds a size to its root: a path for 3 leaves may have the form of one for 4.
extension Merkle {
    /// Whether `path` leads from `leaf` at `index` to the `root` of `size` leaves. A path of another length is false.
    public static func verifyInclusion(index: Int64, size: Int64, leaf: Digest32, path: [Digest32], root: Digest32) -> Bool {
        guard size <= sizeLimit, index >= 0, index < size, path.count <= pathLimit else { return false }
        var position = index
        var last = size - 1
        var hash = leaf
        for sibling in path {
            guard last > 0 else { return false }
            if position & 1 == 1 || position == last {
                hash = nodeHash(sibling, hash)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                hash = nodeHash(hash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// Whether the tree of `new` leaves begins with the tree of `old` leaves. With `old` 0 it holds for every tree, and proves nothing.
    public static func verifyConsistency(
        from old: Int64, to new: Int64, oldRoot: Digest32, newRoot: Digest32, path: [Digest32]
    ) -> Bool {
        guard old >= 0, old <= new, new <= sizeLimit, path.count <= pathLimit else { return false }
        if old == new { return path.isEmpty && oldRoot == newRoot && (old > 0 || oldRoot == emptyRoot) }
        if old == 0 { return path.isEmpty && oldRoot == emptyRoot }
        guard !path.isEmpty else { return false }
        var siblings = path[...]
        // An old tree that is one complete subtree is a node of the new one; the proof leaves it away.
        let first = old & (old - 1) == 0 ? oldRoot : siblings.removeFirst()
        var position = old - 1
        var last = new - 1
        while position & 1 == 1 {
            position >>= 1
            last >>= 1
        }
        var oldHash = first
        var newHash = first
        for sibling in siblings {
            guard last > 0 else { return false }
            if position & 1 == 1 || position == last {
                oldHash = nodeHash(sibling, oldHash)
                newHash = nodeHash(sibling, newHash)
                while position & 1 == 0, position != 0 {
                    position >>= 1
                    last >>= 1
                }
            } else {
                newHash = nodeHash(newHash, sibling)
            }
            position >>= 1
            last >>= 1
        }
        return last == 0 && oldHash == oldRoot && newHash == newRoot
    }
}
