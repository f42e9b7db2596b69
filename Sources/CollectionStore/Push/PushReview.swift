import GitObjects

/// Why a pushed file is not taken, in words for whoever pushed it.
package struct PushFinding: Hashable, Sendable {
    package let name: String
    package let reason: String

    package init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}

/// What a push may do.
package struct PushRules: Sendable {
    /// Of one member, in bytes.
    package var maximumSize: Int
    /// Whether the collection's properties, among them who may come in, may be changed.
    package var allowsMetadata: Bool
    /// Says whether somebody has locked a member.
    package var isLocked: @Sendable (MemberName) -> Bool

    package init(
        maximumSize: Int, allowsMetadata: Bool, isLocked: @escaping @Sendable (MemberName) -> Bool = { _ in false }
    ) {
        self.maximumSize = maximumSize
        self.allowsMetadata = allowsMetadata
        self.isLocked = isLocked
    }
}

/// What a push would do.
package struct PushVerdict: Sendable {
    /// Empty when all is well; no more than `PushReview.findingLimit`.
    package var findings: [PushFinding] = []
    /// By how many bytes the members grow.
    package var growth = 0
    package var changeCount = 0
}

/// Looks at every file that a push changes, as a PUT of it would be looked at. Blocking.
struct PushReview {
    /// Of the repository with what was pushed.
    let repository: GitRepository
    let type: CollectionType
    let properties: CollectionProperties
    let rules: PushRules
    /// Members as they are now, with their UIDs.
    let members: [MemberName: KnownMember]

    struct KnownMember: Sendable {
        var size: Int
        var uid: String?
    }

    /// A person mends these, then pushes again.
    static let findingLimit = 20

    func run(from old: SpliceableTree, to new: SpliceableTree) throws(CollectionStoreError) -> PushVerdict {
        var verdict = PushVerdict()
        var properties = properties
        var contents: [(name: MemberName, id: ObjectID)] = []
        var changed: Set<MemberName> = []
        for difference in new.differences(from: old) {
            verdict.changeCount += 1
            func refuse(_ reason: String) {
                guard verdict.findings.count < Self.findingLimit else { return }
                verdict.findings.append(PushFinding(name: Self.shown(difference.name), reason: reason))
            }
            if difference.name.elementsEqual(CollectionMetadata.fileName.utf8) {
                do {
                    if let read = try metadata(difference, new) { properties = read }
                } catch {
                    refuse(error.reason)
                }
                continue
            }
            do {
                let name = try memberName(difference)
                guard !rules.isLocked(name) else {
                    refuse("somebody has locked it (LOCK)")
                    continue
                }
                changed.insert(name)
                verdict.growth -= members[name]?.size ?? 0
                if let entry = difference.new { contents.append((name, entry.id)) }
            } catch {
                refuse(error.reason)
            }
        }
        var holders: [String: MemberName] = [:]
        for (name, member) in members where !changed.contains(name) { holders[member.uid ?? ""] = name }
        holders[""] = nil
        for (name, id) in contents where verdict.findings.count < Self.findingLimit {
            let bytes = try withGit { () throws(GitError) in try repository.objects.read(id, as: .blob) }
            verdict.growth += bytes.count
            do {
                try check(bytes, name, properties, &holders)
            } catch {
                verdict.findings.append(PushFinding(name: Self.shown(Array(name.string.utf8)), reason: error.reason))
            }
        }
        return verdict
    }

    // MARK: One file

    private func memberName(_ difference: TreeDifference) throws(CollectionStoreError) -> MemberName {
        func refusal(_ why: String) -> CollectionStoreError { CollectionStoreError(.invalidName, why) }
        guard let text = String(validating: difference.name, as: UTF8.self) else {
            throw refusal("the name is not UTF-8")
        }
        if let mode = difference.new?.mode, !mode.isRegularFile {
            throw refusal(
                mode.isTree
                    ? "a folder cannot be part of a collection"
                    : "only plain files can be part of a collection, no links and no submodules")
        }
        if let mode = difference.old?.mode, !mode.isRegularFile { throw refusal("what is there is not a plain file") }
        let name = try MemberName(text)
        if difference.old == nil, let workTree = repository.workTree {
            let status = try withGit { () throws(GitError) in try FileSystem.status(of: workTree + "/" + text) }
            if status?.isDirectory == true { throw refusal("another collection has this name") }
        }
        return name
    }

    private func check(
        _ bytes: [UInt8], _ name: MemberName, _ properties: CollectionProperties, _ holders: inout [String: MemberName]
    ) throws(CollectionStoreError) {
        guard bytes.count <= rules.maximumSize else {
            throw CollectionStoreError(
                .invalidContent, "it has \(bytes.count) bytes; at most \(rules.maximumSize) are stored")
        }
        let facts = try ContentRules.check(bytes, named: name, for: type, components: properties.supportedComponents)
        guard type == .calendar || type == .addressbook, let uid = facts.uid else { return }
        // Old data may hold a UID twice; whoever has it may keep it, as with PUT.
        if let holder = holders[uid], members[name]?.uid != uid {
            throw CollectionStoreError(.uidConflict, "\(holder) has the same UID, \(uid.prefix(100))")
        }
        holders[uid] = name
    }

    // MARK: Metadata

    /// The properties after the push; nil when they are not kept in the tree.
    private func metadata(
        _ difference: TreeDifference, _ new: SpliceableTree
    ) throws(CollectionStoreError) -> CollectionProperties? {
        func refusal(_ why: String) -> CollectionStoreError { CollectionStoreError(.invalidProperty, why) }
        guard rules.allowsMetadata else {
            throw refusal("only the owner of the collection may change its properties")
        }
        guard let entry = difference.new else {
            throw refusal("it says what the collection is; it cannot be removed")
        }
        guard entry.mode.isRegularFile || entry.mode.isTree,
            (difference.old?.mode.isTree ?? entry.mode.isTree) == entry.mode.isTree
        else { throw refusal("it must stay what it is, a file or a folder") }
        let (metadata, _) = try withGit { () throws(GitError) in try CollectionState.readMetadata(repository, new) }
        guard metadata.type ?? type == type else {
            throw refusal("a \(type.rawValue) stays one; make another collection instead")
        }
        return metadata.properties
    }

    /// Names come from outside and go to a terminal.
    private static func shown(_ name: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: name, as: UTF8.self).unicodeScalars.prefix(200) {
            text.unicodeScalars.append(scalar.properties.generalCategory == .control ? "?" : scalar)
        }
        return text
    }
}
