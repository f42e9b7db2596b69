import ConnectorKit
import Foundation
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A folder of a test's own, removed at its end. Paths are relative to it and may hold any bytes.
final class Scratch: Sendable {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        path = folder.appending(path: "fasti-test-\(UInt64.random(in: 0 ... .max))").path
        try check(mkdir(path, 0o700), "mkdir")
    }

    deinit {
        // Handles what Foundation does not: names that are not UTF-8, paths longer than PATH_MAX.
        let removal = Process()
        removal.executableURL = URL(filePath: "/bin/sh")
        removal.arguments = ["-c", "chmod -R u+rwx \"$1\" 2>/dev/null; rm -rf \"$1\"", "sh", path]
        try? removal.run()
        removal.waitUntilExit()
    }

    func check(_ result: some SignedInteger, _ action: String) throws {
        try #require(result >= 0, "\(action): \(String(cString: strerror(errno)))")
    }

    func absolute(_ relative: String) -> String { relative.isEmpty ? path : "\(path)/\(relative)" }

    func absolute(_ relative: [UInt8]) -> [CChar] {
        (Array(path.utf8) + [0x2F] + relative + [0]).map { CChar(bitPattern: $0) }
    }

    func folder(_ relative: String, mode: mode_t = 0o755) throws {
        try check(mkdir(absolute(relative), 0o700), "mkdir \(relative)")
        try check(chmod(absolute(relative), mode), "chmod \(relative)")
    }

    func file(_ relative: String, _ content: [UInt8] = [], mode: mode_t = 0o644) throws {
        try file(Array(relative.utf8), content, mode: mode)
    }

    func file(_ relative: [UInt8], _ content: [UInt8] = [], mode: mode_t = 0o644) throws {
        let file = open(absolute(relative), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        try check(file, "create \(printable(relative))")
        defer { close(file) }
        try #require(write(file, content, content.count) == content.count)
        try check(fchmod(file, mode), "fchmod")
    }

    func link(_ relative: String, to target: String) throws {
        try check(symlink(target, absolute(relative)), "symlink \(relative)")
    }

    func setTime(_ relative: String, seconds: Int, nanoseconds: Int) throws {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        try check(utimensat(AT_FDCWD, absolute(relative), [time, time], AT_SYMLINK_NOFOLLOW), "utimensat")
    }

    func status(_ relative: String) throws -> stat {
        var status = stat()
        try check(lstat(absolute(relative), &status), "lstat \(relative)")
        return status
    }

    func content(_ relative: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: absolute(relative))))
    }

    func exists(_ relative: String) -> Bool {
        var status = stat()
        return lstat(absolute(relative), &status) == 0
    }

    func names(_ relative: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: absolute(relative)).sorted()
    }
}
