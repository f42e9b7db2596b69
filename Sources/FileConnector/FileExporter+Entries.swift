internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Files, links and special files: made under a name of their own and then moved into place.
extension FileExporter {
    func exportFile(_ path: BytePath, _ info: FileInfo, _ content: (any ContentReader)?) async throws {
        let (parent, name) = try place(path)
        if info.linkCount > 1, let first = hardLinks[HardLink(info)] {
            // Where there can be no link, a copy is better than nothing.
            if (try? link(name, in: parent, to: first)) != nil { return }
        }
        guard let content else { throw ConnectorError(.corrupt, "\(path): the snapshot has no content for it.") }
        let temporary = temporaryName()
        let file = try parent.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        do {
            var writer = FileContentWriter(file)
            while let piece = try await content.next() { try writer.append(piece) }
            try writer.finish()
            // The content matters more than its permissions: it goes to its place first.
            let metadata = Result { () throws(SystemError) in try apply(info, to: file) }
            try parent.rename(temporary, to: name)
            try metadata.get()
        } catch {
            try? parent.remove(temporary)
            throw error
        }
        if info.linkCount > 1 { hardLinks[HardLink(info)] = path }
        lastFile = (path, file)
    }

    private func link(_ name: [UInt8], in parent: Descriptor, to first: BytePath) throws {
        let (source, sourceName) = try place(first)
        let temporary = temporaryName()
        try parent.makeHardLink(temporary, to: sourceName, in: source)
        // Moving one name of a file over another name of the same file does nothing at all.
        defer { try? parent.remove(temporary) }
        try parent.rename(temporary, to: name)
    }

    func exportSymbolicLink(_ record: Record, _ info: FileInfo) throws {
        guard let target = record.symbolicLinkTarget, !target.isEmpty, !target.contains(0) else {
            throw ConnectorError(.corrupt, "\(record.path): the snapshot has no target for the link.")
        }
        try install(record.path) { parent, temporary throws(SystemError) in
            try parent.makeSymbolicLink(temporary, to: target)
            if isPrivileged { try parent.setOwner(of: temporary, user: info.user, group: info.group) }
            try parent.setModificationTime(of: temporary, info.modificationTime)
        }
    }

    func exportSpecial(_ path: BytePath, _ info: FileInfo, type: mode_t) throws {
        try install(path) { parent, temporary throws(SystemError) in
            try parent.makeSpecial(temporary, type: type)
            if isPrivileged { try parent.setOwner(of: temporary, user: info.user, group: info.group) }
            try parent.setMode(of: temporary, mode(info))
            try parent.setModificationTime(of: temporary, info.modificationTime)
        }
    }

    private func install(
        _ path: BytePath, _ make: (_ parent: Descriptor, _ temporary: [UInt8]) throws(SystemError) -> Void
    ) throws {
        let (parent, name) = try place(path)
        let temporary = temporaryName()
        do {
            try make(parent, temporary)
            try parent.rename(temporary, to: name)
        } catch {
            try? parent.remove(temporary)
            throw error
        }
    }

    /// A name that nothing else has; what a killed restore leaves behind can be told by it.
    private func temporaryName() -> [UInt8] {
        Array(".fasti-\(String(UInt64.random(in: .min ... .max), radix: 16))".utf8)
    }
}

/// Owner, permissions, times.
extension FileExporter {
    var isPrivileged: Bool { geteuid() == 0 }

    /// Gives an open file or folder what the snapshot remembers. The owner only root can give.
    func apply(_ info: FileInfo, to file: Descriptor) throws(SystemError) {
        // A change of owner clears the set-uid bit, so the permissions come after it.
        if isPrivileged { try file.setOwner(user: info.user, group: info.group) }
        try file.setMode(mode(info))
        try file.setModificationTime(info.modificationTime)
    }

    /// A file that does not get its owner back must not run with the rights of another.
    func mode(_ info: FileInfo) -> mode_t {
        let bits = info.mode.posixPermissions
        let keepsOwner = isPrivileged || info.userID == UInt64(geteuid())
        return mode_t(keepsOwner || info.mode.isDirectory ? bits : bits & 0o1777)
    }
}

extension FileInfo {
    var user: uid_t { uid_t(truncatingIfNeeded: userID) }
    var group: gid_t { gid_t(truncatingIfNeeded: groupID) }
}
