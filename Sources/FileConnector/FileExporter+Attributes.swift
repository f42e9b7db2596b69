internal import ConnectorKit

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

extension FileExporter {
    /// More than any file system takes.
    private static var largestAttribute: Int { 1 << 24 }

    /// Sets one attribute of what was restored at `path`.
    func exportAttribute(
        _ name: [UInt8], _ kind: Record.AttributeKind, of path: BytePath, _ content: (any ContentReader)?
    ) async throws {
        guard kind == .extended else {
            throw ConnectorError(
                .unsupported, "\(path): attribute \(printable(name)): this kind does not exist here.")
        }
        var value: [UInt8] = []
        while let piece = try await content?.next() {
            value += piece
            guard value.count <= Self.largestAttribute else {
                throw ConnectorError(
                    .limitExceeded, "\(path): attribute \(printable(name)) is larger than any file system takes.")
            }
        }
        do throws(SystemError) {
            try set(name, value, of: path)
        } catch {
            guard mayBeLeftOut(name, error) else { throw error.at(path) }
            if attributesLeftOut.insert(name).inserted {
                context.report(.warning("Attribute \(printable(name)) can only be restored by root; it is left out."))
            }
        }
    }

    /// What carries the attribute is most often the file that was restored last, which is still open.
    private func set(_ name: [UInt8], _ value: [UInt8], of path: BytePath) throws(SystemError) {
        if let lastFile, lastFile.path == path { return try set(name, value, on: lastFile.file) }
        guard let place = try tree?.place(path) else { throw SystemError(number: ENOENT, action: "open it") }
        let file: Descriptor
        do throws(SystemError) {
            file = try place.directory.open(place.name, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        } catch {
            // A link, a socket: not to be opened, but they have attributes of their own.
            guard error.number == ELOOP || error.number == ENXIO else { throw error }
            return try place.directory.setAttribute(name, value, of: place.name)
        }
        try set(name, value, on: file)
    }

    /// A file that is not writable takes no attributes either, so it is writable for a moment.
    private func set(_ name: [UInt8], _ value: [UInt8], on file: Descriptor) throws(SystemError) {
        do throws(SystemError) {
            try file.setAttribute(name, value)
        } catch {
            guard error.number == EACCES else { throw error }
            let mode = mode_t(try file.status().st_mode) & 0o7777
            try file.setMode(mode | 0o200)
            let outcome = Result { () throws(SystemError) in try file.setAttribute(name, value) }
            try file.setMode(mode)
            try outcome.get()
        }
    }

    /// Attributes of the system (`security.`, `trusted.`) belong to root.
    private func mayBeLeftOut(_ name: [UInt8], _ error: SystemError) -> Bool {
        !isPrivileged && error.number == EPERM && !name.starts(with: "user.".utf8)
    }
}
