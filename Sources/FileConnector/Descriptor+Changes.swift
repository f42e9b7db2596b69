internal import CPOSIX
internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// Changing what lies in a directory. None of these follows a symbolic link.
extension Descriptor {
    func makeDirectory(_ name: [UInt8], mode: mode_t) throws(SystemError) {
        let name = cName(name)
        try attempt("make the folder") { mkdirat(number, name, mode) }
    }

    func makeSymbolicLink(_ name: [UInt8], to target: [UInt8]) throws(SystemError) {
        let name = cName(name)
        let target = cName(target)
        try attempt("make the link") { symlinkat(target, number, name) }
    }

    /// Makes a named pipe or a socket.
    func makeSpecial(_ name: [UInt8], type: mode_t) throws(SystemError) {
        let name = cName(name)
        try attempt("make it") { mknodat(number, name, type | 0o600, 0) }
    }

    /// Makes `name` another name of the file `source` in `directory`.
    func makeHardLink(_ name: [UInt8], to source: [UInt8], in directory: Descriptor) throws(SystemError) {
        let name = cName(name)
        let source = cName(source)
        try attempt("link it") { linkat(directory.number, source, number, name, 0) }
    }

    /// Moves within this directory, replacing what is no directory.
    func rename(_ name: [UInt8], to newName: [UInt8]) throws(SystemError) {
        let name = cName(name)
        let newName = cName(newName)
        try attempt("put it in its place") { renameat(number, name, number, newName) }
    }

    /// Removes anything but a directory.
    func remove(_ name: [UInt8]) throws(SystemError) {
        let name = cName(name)
        try attempt("remove it") { unlinkat(number, name, 0) }
    }

    func setMode(of name: [UInt8], _ mode: mode_t) throws(SystemError) {
        let name = cName(name)
        try attempt("set its permissions") { fchmodat(number, name, mode, AT_SYMLINK_NOFOLLOW) }
    }

    func setOwner(of name: [UInt8], user: uid_t, group: gid_t) throws(SystemError) {
        let name = cName(name)
        try attempt("set its owner") { fchownat(number, name, user, group, AT_SYMLINK_NOFOLLOW) }
    }

    func setModificationTime(of name: [UInt8], _ time: Timestamp) throws(SystemError) {
        let name = cName(name)
        try attempt("set its time") {
            cposix_set_modification_time_at(number, name, time.seconds, Int64(time.nanoseconds))
        }
    }
}

/// Changing the open file itself.
extension Descriptor {
    func setMode(_ mode: mode_t) throws(SystemError) {
        try attempt("set its permissions") { fchmod(number, mode) }
    }

    func setOwner(user: uid_t, group: gid_t) throws(SystemError) {
        try attempt("set its owner") { fchown(number, user, group) }
    }

    func setModificationTime(_ time: Timestamp) throws(SystemError) {
        try attempt("set its time") { cposix_set_modification_time(number, time.seconds, Int64(time.nanoseconds)) }
    }

    /// Returns when all that was written to this file system is durable.
    func syncFileSystem() throws(SystemError) {
        try attempt("write everything to the disk") { cposix_sync_file_system(number) }
    }
}
