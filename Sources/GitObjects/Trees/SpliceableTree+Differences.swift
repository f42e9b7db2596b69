/// An entry that differs between two trees.
package struct TreeDifference: Hashable, Sendable {
    /// nil when the entry was added.
    package var old: TreeEntry?
    /// nil when the entry was removed.
    package var new: TreeEntry?

    package init(old: TreeEntry?, new: TreeEntry?) {
        self.old = old
        self.new = new
    }

    package var name: [UInt8] { new?.name ?? old?.name ?? [] }
}

extension SpliceableTree {
    /// What differs from an older tree, in the order of the entries. Looks at each entry once, and at ids only by their bytes.
    package func differences(from old: SpliceableTree) -> [TreeDifference] {
        var differences: [TreeDifference] = []
        var (left, right) = (0, 0)
        while left < old.count || right < count {
            if left < old.count, right < count, old.encodedEntry(at: left) == encodedEntry(at: right) {
                left += 1
                right += 1
                continue
            }
            let order: Int
            if left == old.count {
                order = 1
            } else if right == count {
                order = -1
            } else {
                order = SpliceableTree.order(old, left, self, right)
            }
            differences.append(
                TreeDifference(old: order <= 0 ? old[left] : nil, new: order >= 0 ? self[right] : nil))
            if order <= 0 { left += 1 }
            if order >= 0 { right += 1 }
        }
        return differences
    }
}
