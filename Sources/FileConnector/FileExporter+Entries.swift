internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Files, links and special files.
///
/// In a folder that this restore has made they are written under their own names. Elsewhere they are made under a name
/// of their own and then moved into place, so that what was there before is replaced at once or not at all.
extension FileExporter {
    func exportFile(_ path: BytePath, _ info: FileInfo, _ content: (any ContentReader)?) async throws {
        let place = try place(path)
        if info.linkCount > 1, let first = hardLinks[HardLink(info)] {
            // Where there can be no link, a copy is better than nothing.
            if (try? link(place, to: first)) != nil { return }
        }
        guard let content else { throw ConnectorError(.corrupt, "\(path): the snapshot has no content for it.") }
        let (file, name) = try create(place, mode(info) & 0o777)
        do {
            var writer = FileContentWriter(file)
            while let piece = try await content.next() { try writer.append(piece) }
            try writer.finish()
            // The content matters more than its permissions: it goes to its place first.
            let metadata = Result { () throws(SystemError) in try apply(info, to: file) }
            if name != place.name { try place.directory.rename(name, to: place.name) }
            try metadata.get()
        } catch let error as SystemError where error.isAboutMetadata {
            throw error
        } catch {
            try? place.directory.remove(name)
            throw error
        }
        if info.linkCount > 1 { hardLinks[HardLink(info)] = path }
        lastFile = (path, file)
    }

    /// Makes a new, empty file.
    ///
    /// - Returns: the file and the name that it has for now.
    private func create(
        _ place: TargetTree.Place, _ mode: mode_t
    ) throws(SystemError) -> (file: Descriptor, name: [UInt8]) {
        if place.isFresh {
            do throws(SystemError) {
                return (try place.directory.open(place.name, O_WRONLY | O_CREAT | O_EXCL, mode: mode), place.name)
            } catch {
                // Somebody else was faster, or the file system does not tell two names apart.
                guard error.number == EEXIST else { throw error }
            }
        }
        let name = temporaryName()
        return (try place.directory.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600), name)
    }

    private func link(_ place: TargetTree.Place, to first: BytePath) throws {
        let source = try self.place(first)
        if place.isFresh, (try? place.directory.makeHardLink(place.name, to: source.name, in: source.directory)) != nil
        {
            return
        }
        let temporary = temporaryName()
        try place.directory.makeHardLink(temporary, to: source.name, in: source.directory)
        // Moving one name of a file over another name of the same file does nothing at all.
        defer { try? place.directory.remove(temporary) }
        try place.directory.rename(temporary, to: place.name)
    }

    func exportSymbolicLink(_ record: Record, _ info: FileInfo) throws {
        guard let target = record.symbolicLinkTarget, !target.isEmpty, !target.contains(0) else {
            throw ConnectorError(.corrupt, "\(record.path): the snapshot has no target for the link.")
        }
        try install(record.path, info) { directory, name throws(SystemError) in
            try directory.makeSymbolicLink(name, to: target)
        }
    }

    func exportSpecial(_ path: BytePath, _ info: FileInfo, type: mode_t) throws {
        try install(path, info) { directory, name throws(SystemError) in
            try directory.makeSpecial(name, type: type)
        }
    }

    private func install(
        _ path: BytePath, _ info: FileInfo,
        _ make: (_ directory: Descriptor, _ name: [UInt8]) throws(SystemError) -> Void
    ) throws {
        let place = try place(path)
        var name = place.name
        do throws(SystemError) {
            guard place.isFresh else { throw SystemError(number: EEXIST, action: "make it") }
            try make(place.directory, name)
        } catch {
            guard error.number == EEXIST else { throw error }
            name = temporaryName()
            try make(place.directory, name)
        }
        do {
            if isPrivileged { try place.directory.setOwner(of: name, user: info.user, group: info.group) }
            // The permissions of a link are of no use, and cannot be set.
            if !info.mode.isSymbolicLink { try place.directory.setMode(of: name, mode(info)) }
            try place.directory.setModificationTime(of: name, info.modificationTime)
            if name != place.name { try place.directory.rename(name, to: place.name) }
        } catch {
            if name != place.name { try? place.directory.remove(name) }
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
    /// Gives an open file or folder what the snapshot remembers. The owner only root can give. What is already as it
    /// should be is not set again: looking costs less.
    func apply(_ info: FileInfo, to file: Descriptor) throws(SystemError) {
        do throws(SystemError) {
            let status = try file.status()
            let wanted = mode(info)
            var changesMode = mode_t(status.st_mode) & 0o7777 != wanted
            if isPrivileged, status.st_uid != info.user || status.st_gid != info.group {
                try file.setOwner(user: info.user, group: info.group)
                // A change of owner clears the set-uid bit, so the permissions come after it.
                if wanted & 0o6000 != 0 { changesMode = true }
            }
            if changesMode { try file.setMode(wanted) }
            try file.setModificationTime(info.modificationTime)
        } catch {
            throw SystemError(number: error.number, action: error.action, isAboutMetadata: true)
        }
    }

    /// A file that does not get its owner back must not run with the rights of another.
    func mode(_ info: FileInfo) -> mode_t {
        let bits = info.mode.posixPermissions
        let keepsOwner = isPrivileged || info.userID == UInt64(user)
        return mode_t(keepsOwner || info.mode.isDirectory ? bits : bits & 0o1777)
    }
}

extension FileInfo {
    var user: uid_t { uid_t(truncatingIfNeeded: userID) }
    var group: gid_t { gid_t(truncatingIfNeeded: groupID) }
}
