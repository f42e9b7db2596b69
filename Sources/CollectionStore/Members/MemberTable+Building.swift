import GitObjects

extension MemberTable {
    /// The members of a state of the repository. `known` are records of any other state, in the order of names: what they
    /// say about a blob that is still there is taken over, everything else is read. Blocking.
    init(_ view: GitCollectionView, known: some Sequence<MemberRecord>) throws(CollectionStoreError) {
        var records: [MemberRecord] = []
        records.reserveCapacity(view.state.tree.count)
        var iterator = known.makeIterator()
        var candidate = iterator.next()
        for entry in view.state.tree {
            // What is as it was needs no second look at its name.
            if let current = candidate, current.id == entry.id, entry.mode.isRegularFile,
                current.name.string.utf8.elementsEqual(entry.name)
            {
                records.append(current)
                candidate = iterator.next()
                continue
            }
            guard let name = CollectionState.memberName(of: entry) else { continue }
            while let current = candidate, current.name < name { candidate = iterator.next() }
            if let current = candidate, current.name == name, current.id == entry.id {
                records.append(current)
            } else {
                records.append(try Self.read(name, entry, view))
            }
        }
        self.init(sorted: records)
    }

    private static func read(
        _ name: MemberName, _ entry: TreeEntry, _ view: GitCollectionView
    ) throws(CollectionStoreError) -> MemberRecord {
        let bytes = try view.contentNow(of: entry.id)
        let facts = ContentRules.facts(of: bytes, named: name)
        let member = try view.member(name, entry)
        return MemberRecord(
            name: name, id: entry.id, size: bytes.count, mode: entry.mode, modified: member.lastModified, facts: facts)
    }

    /// The names at which two tables differ, in their order.
    func differences(from old: MemberTable) -> [MemberName] {
        var names: [MemberName] = []
        var (left, right) = (old.records.makeIterator(), records.makeIterator())
        var (before, now) = (left.next(), right.next())
        while before != nil || now != nil {
            switch (before, now) {
            case (let b?, let n?):
                if b.name < n.name {
                    names.append(b.name)
                    before = left.next()
                } else if n.name < b.name {
                    names.append(n.name)
                    now = right.next()
                } else {
                    if b.id != n.id { names.append(n.name) }
                    before = left.next()
                    now = right.next()
                }
            case (let b?, nil):
                names.append(b.name)
                before = left.next()
            case (nil, let n?):
                names.append(n.name)
                now = right.next()
            case (nil, nil): break
            }
        }
        return names
    }

    /// The names at which this table differs from a tree, in their order.
    func differences(from tree: SpliceableTree) -> [MemberName] {
        var names: [MemberName] = []
        var iterator = records.makeIterator()
        var now = iterator.next()
        for entry in tree {
            guard let name = CollectionState.memberName(of: entry) else { continue }
            while let current = now, current.name < name {
                names.append(current.name)
                now = iterator.next()
            }
            if let current = now, current.name == name {
                if current.id != entry.id { names.append(name) }
                now = iterator.next()
            } else {
                names.append(name)
            }
        }
        while let current = now {
            names.append(current.name)
            now = iterator.next()
        }
        return names
    }
}
