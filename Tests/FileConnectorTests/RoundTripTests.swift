import CPOSIX
import ConnectorKit
import Foundation
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What is backed up comes back.
@Suite struct RoundTripTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Restores `source` to `target`, and compares the two as the importer sees them.
    ///
    /// - Parameter isAgain: the target is there already, and so keeps the time of its root.
    private func expectRoundTrip(isAgain: Bool = false, sourceLocation: SourceLocation = #_sourceLocation) async throws
    {
        let source = scratch.absolute("source")
        let target = scratch.absolute("target")
        let before = Journey.below(source, try await Journey.collect(source).items)
        #expect(try await Journey.restore(before, to: target) == [], sourceLocation: sourceLocation)
        let after = Journey.below(target, try await Journey.collect(target).items)
        #expect(before.map(\.record.path) == after.map(\.record.path), sourceLocation: sourceLocation)
        for (a, b) in zip(before, after).dropFirst(isAgain ? 1 : 0) {
            let path = a.record.path
            #expect(a.record.kind == b.record.kind, "\(path)", sourceLocation: sourceLocation)
            #expect(a.content == b.content, "\(path)", sourceLocation: sourceLocation)
            #expect(
                a.record.symbolicLinkTarget == b.record.symbolicLinkTarget, "\(path)", sourceLocation: sourceLocation)
            #expect(
                a.record.extendedAttributeNames == b.record.extendedAttributeNames, "\(path)",
                sourceLocation: sourceLocation)
            #expect(comparable(a.record.info) == comparable(b.record.info), "\(path)", sourceLocation: sourceLocation)
        }
    }

    /// Without what a copy cannot share, and without the sizes of folders, which file systems choose.
    private func comparable(_ info: FileInfo?) -> FileInfo? {
        guard var info else { return nil }
        info.device = 0
        info.inode = 0
        if info.mode.isDirectory { info.size = 0 }
        if info.name == Array("source".utf8) || info.name == Array("target".utf8) { info.name = [] }
        return info
    }

    @Test func filesFoldersModesAndTimes() async throws {
        try scratch.folder("source", mode: 0o750)
        try scratch.file("source/empty")
        try scratch.file("source/secret", Array("x".utf8), mode: 0o600)
        try scratch.file("source/read-only", Array("y".utf8), mode: 0o444)
        try scratch.file("source/nobody", Array("z".utf8), mode: geteuid() == 0 ? 0o000 : 0o400)
        try scratch.file("source/set-user", Array("#!".utf8), mode: 0o4755)
        try scratch.file("source/large", (0..<3_333_333).map { UInt8(truncatingIfNeeded: $0 * $0 >> 5) | 1 })
        try scratch.folder("source/sticky", mode: 0o1777)
        try scratch.folder("source/read-only-folder")
        try scratch.file("source/read-only-folder/file", [1, 2, 3])
        try scratch.setTime("source/secret", seconds: 1_234_567_890, nanoseconds: 123_456_789)
        try scratch.setTime("source/empty", seconds: -5, nanoseconds: 1)
        try scratch.setTime("source/read-only-folder", seconds: 1_000_000_000, nanoseconds: 999_999_999)
        try scratch.check(chmod(scratch.absolute("source/read-only-folder"), 0o555), "chmod")
        try scratch.setTime("source", seconds: 1_500_000_000, nanoseconds: 5)
        try await expectRoundTrip()
        #expect(try scratch.status("target/set-user").st_mode & 0o7777 == 0o4755)
        #expect(try scratch.status("target/secret").st_mode & 0o7777 == 0o600)
    }

    @Test func namesOfAnyBytes() async throws {
        try scratch.folder("source")
        let names: [[UInt8]] = [
            [0xFF, 0xFE], [0xC3, 0x28], Array("new\nline".utf8), Array(" ".utf8), Array("-rf *".utf8),
            Array("é".utf8), [0x65, 0xCC, 0x81], Array("\\".utf8), [0x01, 0x7F], Array("...".utf8),
            [UInt8](repeating: 0x61, count: 255),
        ]
        for name in names { try scratch.file(Array("source/".utf8) + name, name) }
        try await expectRoundTrip()
        let found = Journey.below(
            scratch.absolute("target"), try await Journey.collect(scratch.absolute("target")).items)
        #expect(Set(found.dropFirst().map(\.record.path.name)) == Set(names))
    }

    @Test func symbolicLinksStayLinks() async throws {
        try scratch.folder("source")
        try scratch.folder("source/folder")
        try scratch.link("source/self", to: "self")
        try scratch.link("source/folder/up", to: "..")
        try scratch.link("source/a", to: "b")
        try scratch.link("source/b", to: "a")
        try scratch.link("source/dangling", to: "/nowhere/at all")
        try scratch.setTime("source/dangling", seconds: 1_111_111_111, nanoseconds: 222)
        try await expectRoundTrip()
    }

    @Test(.enabled(if: geteuid() == 0, "only root gives files away"))
    func ownersAndTheRightsOfOthers() async throws {
        try scratch.folder("source")
        try scratch.folder("source/folder", mode: 0o2775)
        try scratch.file("source/folder/tool", Array("#!".utf8), mode: 0o644)
        try scratch.link("source/link", to: "folder")
        for path in ["source/folder", "source/folder/tool", "source/link"] {
            try scratch.check(lchown(scratch.absolute(path), 12345, 54321), "lchown")
        }
        // A change of owner takes these bits away, so they are set after it.
        try scratch.check(chmod(scratch.absolute("source/folder"), 0o2775), "chmod")
        try scratch.check(chmod(scratch.absolute("source/folder/tool"), 0o6755), "chmod")
        // It gets the group of the folder around it, and another when it is restored to a folder of root.
        try scratch.file("source/folder/inherited", [1])
        try await expectRoundTrip()
        #expect(try scratch.status("target/folder/inherited").st_gid == 54321)
        let tool = try scratch.status("target/folder/tool")
        #expect(tool.st_uid == 12345 && tool.st_gid == 54321 && tool.st_mode & 0o7777 == 0o6755)
        #expect(try scratch.status("target/link").st_uid == 12345)
    }

    @Test(.enabled(if: geteuid() == 0, "only root may give attributes to a link"))
    func extendedAttributesOfLinksAndPipes() async throws {
        try scratch.folder("source")
        try scratch.link("source/link", to: "nowhere")
        try scratch.check(mkfifo(scratch.absolute("source/pipe"), 0o600), "mkfifo")
        let directory = open(scratch.absolute("source"), O_RDONLY | O_DIRECTORY)
        defer { close(directory) }
        for name in ["link", "pipe"] {
            guard cposix_set_attribute_at(directory, name, "trusted.fasti", [1, 2, 3] as [UInt8], 3) == 0 else {
                print("Skipped: this file system has no attributes for links.")
                return
            }
        }
        try await expectRoundTrip()
        let after = try await Journey.collect(scratch.absolute("target"))
        #expect(after.items.count { $0.content == [1, 2, 3] } == 2)
    }

    @Test func specialFiles() async throws {
        try scratch.folder("source")
        try scratch.check(mkfifo(scratch.absolute("source/pipe"), 0o620), "mkfifo")
        try scratch.check(chmod(scratch.absolute("source/pipe"), 0o620), "chmod")
        try scratch.check(mknod(scratch.absolute("source/socket"), 0o140600, 0), "mknod")
        try await expectRoundTrip()
    }

    @Test func hardLinksStayOneFile() async throws {
        try scratch.folder("source")
        try scratch.folder("source/z")
        try scratch.file("source/first", Array("shared".utf8))
        try scratch.check(link(scratch.absolute("source/first"), scratch.absolute("source/second")), "link")
        try scratch.check(link(scratch.absolute("source/first"), scratch.absolute("source/z/third")), "link")
        try scratch.file("source/other", Array("own".utf8))
        try await expectRoundTrip()
        // A second restore over the first must find the same.
        try await expectRoundTrip(isAgain: true)
        let inodes = try ["first", "second", "z/third"].map { try scratch.status("target/\($0)").st_ino }
        #expect(Set(inodes).count == 1)
        #expect(try scratch.status("target/first").st_nlink == 3)
        #expect(try scratch.status("target/other").st_nlink == 1)
        #expect(try scratch.names("target") == ["first", "other", "second", "z"])
    }

    @Test func holesStayHoles() async throws {
        try scratch.folder("source")
        let size = 64 << 20
        let file = open(scratch.absolute("source/sparse"), O_RDWR | O_CREAT, 0o644)
        try scratch.check(file, "create")
        try #require(pwrite(file, [1, 2, 3] as [UInt8], 3, 10_000_001) == 3)
        try #require(pwrite(file, [4] as [UInt8], 1, 33_554_431) == 1)
        try scratch.check(ftruncate(file, off_t(size)), "ftruncate")
        close(file)
        try scratch.file("source/zeros", [UInt8](repeating: 0, count: 100_000))
        try scratch.file("source/few-zeros", [UInt8](repeating: 0, count: 5))
        try await expectRoundTrip()
        let status = try scratch.status("target/sparse")
        #expect(status.st_size == size)
        #expect(Int(status.st_blocks) * 512 < 1 << 20)
    }

    @Test func extendedAttributes() async throws {
        try scratch.folder("source")
        try scratch.folder("source/folder")
        try scratch.file("source/file", [1], mode: 0o444)
        for path in ["source/folder", "source/file"] {
            let descriptor = open(scratch.absolute(path), O_RDONLY)
            defer { close(descriptor) }
            if path.hasSuffix("file") { fchmod(descriptor, 0o644) }
            guard cposix_set_attribute(descriptor, "user.fasti.b", [7, 0, 255] as [UInt8], 3) == 0 else {
                print("Skipped: this file system has no extended attributes.")
                return
            }
            try scratch.check(cposix_set_attribute(descriptor, "user.fasti.a", nil, 0), "setxattr")
            if path.hasSuffix("file") { fchmod(descriptor, 0o444) }
        }
        let source = Journey.below(
            scratch.absolute("source"), try await Journey.collect(scratch.absolute("source")).items)
        let file = try #require(source.first { $0.record.path == "/file" })
        #expect(
            file.record.extendedAttributeNames.starts(with: [Array("user.fasti.a".utf8), Array("user.fasti.b".utf8)]))
        #expect(
            source.contains {
                $0.record.kind == .extendedAttribute(name: Array("user.fasti.b".utf8), kind: .extended)
                    && $0.content == [7, 0, 255] && $0.record.path == "/folder"
            })
        try await expectRoundTrip()
    }

    @Test func treesDeeperThanOnePathCanSay() async throws {
        try scratch.folder("source")
        var directory = open(scratch.absolute("source"), O_RDONLY | O_DIRECTORY)
        let name = String(repeating: "deep", count: 10)
        for _ in 0..<150 {
            try scratch.check(mkdirat(directory, name, 0o755), "mkdirat")
            let next = openat(directory, name, O_RDONLY | O_DIRECTORY)
            try scratch.check(next, "openat")
            close(directory)
            directory = next
        }
        let file = openat(directory, "bottom", O_WRONLY | O_CREAT, 0o644)
        try #require(write(file, "treasure", 8) == 8)
        close(file)
        close(directory)
        try await expectRoundTrip()
        let found = try await Journey.collect(scratch.absolute("target"))
        let last = try #require(found.items.last)
        #expect(last.record.path.bytes.count > 6000)
        #expect(last.content == Array("treasure".utf8))
    }
}
