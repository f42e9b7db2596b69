import ConnectorKit
import FileConnector
import Foundation
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

@Suite struct FileExporterTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func folder(_ path: BytePath, permissions: UInt32 = 0o755) -> Journey.Item {
        Journey.Item(record: Record(path: path, info: info(path, .directory(permissions: permissions))))
    }

    private func file(_ path: BytePath, _ content: String) -> Journey.Item {
        let info = info(path, .regular(permissions: 0o640), size: content.utf8.count)
        return Journey.Item(record: Record(path: path, info: info), content: Array(content.utf8))
    }

    private func link(_ path: BytePath, to target: String) -> Journey.Item {
        let info = info(path, [.symbolicLink, .regular(permissions: 0o777)])
        return Journey.Item(record: Record(path: path, info: info, symbolicLinkTarget: Array(target.utf8)))
    }

    private func info(_ path: BytePath, _ mode: FileMode, size: Int = 0) -> FileInfo {
        FileInfo(
            name: path.name, size: Int64(size), mode: mode,
            modificationTime: Timestamp(seconds: 1_700_000_000, nanoseconds: 1), userID: UInt64(geteuid()),
            groupID: UInt64(getegid()))
    }

    @Test func makesTheDestinationWithAllAbove() async throws {
        let items = [folder("/", permissions: 0o711), file("/a", "A")]
        #expect(try await Journey.restore(items, to: scratch.absolute("x/y/z")) == [])
        #expect(try scratch.content("x/y/z/a") == Array("A".utf8))
        #expect(try scratch.status("x/y/z").st_mode & 0o777 == 0o711)
        #expect(try scratch.status("x/y/z/a").st_mtim.tv_nsec == 1)
    }

    @Test func aDestinationThatIsThereKeepsItsPermissions() async throws {
        try scratch.folder("target", mode: 0o1777)
        #expect(try await Journey.restore([folder("/", permissions: 0o700)], to: scratch.absolute("target")) == [])
        #expect(try scratch.status("target").st_mode & 0o7777 == 0o1777)
    }

    @Test func replacesFilesOfTheSameNameAndLeavesOthers() async throws {
        try scratch.folder("target")
        try scratch.folder("target/sub")
        try scratch.file("target/sub/same", Array("something much longer than before".utf8), mode: 0o400)
        try scratch.file("target/sub/other", Array("mine".utf8))
        try scratch.file("target/folder-now", Array("a file".utf8))
        let items = [
            folder("/"), folder("/sub"), file("/sub/same", "new"), folder("/folder-now"), file("/folder-now/x", "x"),
        ]
        #expect(try await Journey.restore(items, to: scratch.absolute("target")) == [])
        #expect(try scratch.content("target/sub/same") == Array("new".utf8))
        #expect(try scratch.content("target/sub/other") == Array("mine".utf8))
        #expect(try scratch.content("target/folder-now/x") == Array("x".utf8))
        #expect(try scratch.names("target/sub") == ["other", "same"])
    }

    @Test func aFolderInTheWayOfAFileStays() async throws {
        try scratch.folder("target")
        try scratch.folder("target/a")
        try scratch.file("target/a/precious", [1])
        let failures = try await Journey.restore(
            [folder("/"), file("/a", "A"), file("/b", "B")], to: scratch.absolute("target"))
        #expect(failures.map(\.path) == ["/a"])
        #expect(try scratch.names("target/a") == ["precious"])
        #expect(try scratch.names("target") == ["a", "b"], "the rest is restored, and nothing temporary is left")
    }

    @Test func neverWritesThroughALinkAtTheDestination() async throws {
        try scratch.folder("outside", mode: 0o755)
        try scratch.file("outside/victim", Array("safe".utf8))
        try scratch.folder("target")
        try scratch.link("target/folder", to: scratch.absolute("outside"))
        try scratch.link("target/file", to: scratch.absolute("outside/victim"))
        try scratch.link("target/link", to: scratch.absolute("outside/victim"))
        let before = try scratch.status("outside")
        let items = [
            folder("/"), folder("/folder", permissions: 0o700), file("/folder/victim", "evil"), file("/file", "own"),
            link("/link", to: "elsewhere"),
        ]
        #expect(try await Journey.restore(items, to: scratch.absolute("target")) == [])
        #expect(try scratch.content("outside/victim") == Array("safe".utf8))
        #expect(try scratch.names("outside") == ["victim"])
        #expect(try scratch.status("outside").st_mode == before.st_mode)
        #expect(try scratch.content("target/folder/victim") == Array("evil".utf8))
        #expect(try scratch.content("target/file") == Array("own".utf8))
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: scratch.absolute("target/link")) == "elsewhere")
    }

    /// A snapshot from elsewhere may name a link, and then something below it.
    @Test func neverWritesThroughALinkFromTheSnapshot() async throws {
        try scratch.folder("outside")
        let items = [folder("/"), link("/a", to: scratch.absolute("outside")), file("/a/evil", "x"), folder("/a/more")]
        let failures = try await Journey.restore(items, to: scratch.absolute("target"))
        #expect(failures.map(\.path) == ["/a/evil", "/a/more"])
        #expect(try scratch.names("outside") == [])
    }

    /// Somebody who can write to the target puts a link in the place of a folder that was restored a moment ago.
    @Test func neverWritesThroughALinkThatComesDuringTheRestore() async throws {
        try scratch.folder("outside")
        let exporter = try Journey.exporter(scratch.absolute("target"))
        try await exporter.begin(Journey.EmptyTree(), ConnectorContext())
        for item in [folder("/"), folder("/a", permissions: 0o700), folder("/b")] {
            try await exporter.export(item.record, content: nil)
        }
        for name in ["a", "b"] {
            try scratch.check(rename(scratch.absolute("target/\(name)"), scratch.absolute("moved-\(name)")), "rename")
            try scratch.link("target/\(name)", to: scratch.absolute("outside"))
        }
        let before = try scratch.status("outside")
        // This folder is still open, and that one has to be opened again.
        for path in ["/b/evil", "/a/evil"] as [BytePath] {
            _ = try? await exporter.export(
                file(path, "x").record, content: InlineContentReader(Array("x".utf8)))
        }
        let failures = try await exporter.finish()
        await exporter.close()
        #expect(Set(failures.map(\.path)) == ["/a", "/b"])
        #expect(try scratch.names("outside") == [])
        let after = try scratch.status("outside")
        #expect(after.st_mode == before.st_mode && after.st_mtim.tv_sec == before.st_mtim.tv_sec)
    }

    @Test func pathsCannotClimb() {
        #expect(BytePath("/a/../../etc/passwd") == "/etc/passwd", "and that is below the destination")
        for name in ["..", ".", "", "a/b", "a\0b"] { #expect(BytePath.root.appending(name) == nil) }
        #expect(BytePath(validating: Array("/a/../b".utf8)) == nil)
        #expect(BytePath(validating: Array("a".utf8)) == nil)
    }

    @Test func attributesAreNotSetThroughALink() async throws {
        try scratch.file("outside", [1])
        var attribute = Record(
            path: "/a", kind: .extendedAttribute(name: Array("user.x".utf8), kind: .extended), info: nil)
        attribute.content = .inline([1])
        let items = [
            folder("/"), link("/a", to: scratch.absolute("outside")), Journey.Item(record: attribute, content: [1]),
        ]
        let failures = try await Journey.restore(items, to: scratch.absolute("target"))
        #expect(failures.map(\.path) == ["/a"])
        #expect(try await Journey.collect(scratch.absolute("outside")).items.last?.record.extendedAttributeNames == [])
    }

    @Test func contentThatBreaksOffLeavesNothing() async throws {
        try scratch.folder("target")
        try scratch.file("target/a", Array("old".utf8))
        let exporter = try Journey.exporter(scratch.absolute("target"))
        try await exporter.begin(Journey.EmptyTree(), ConnectorContext())
        await #expect(throws: ConnectorError(.corrupt, "")) {
            try await exporter.export(file("/a", "new").record, content: BreakingReader())
        }
        #expect(try await exporter.finish() == [])
        await exporter.close()
        #expect(try scratch.names("target") == ["a"])
        #expect(try scratch.content("target/a") == Array("old".utf8))
    }

    @Test func contentThatBreaksOffLeavesNothingInANewFolderEither() async throws {
        let exporter = try Journey.exporter(scratch.absolute("target"))
        try await exporter.begin(Journey.EmptyTree(), ConnectorContext())
        try await exporter.export(folder("/").record, content: nil)
        try await exporter.export(folder("/new").record, content: nil)
        await #expect(throws: ConnectorError(.corrupt, "")) {
            try await exporter.export(file("/new/a", "new").record, content: BreakingReader())
        }
        try await exporter.export(file("/new/b", "B").record, content: InlineContentReader(Array("B".utf8)))
        #expect(try await exporter.finish() == [])
        await exporter.close()
        #expect(try scratch.names("target/new") == ["b"])
        #expect(try scratch.status("target/new").st_mtim.tv_nsec == 1, "the time of the folder is set last")
    }

    /// The same name twice, as a file system that ignores case sees it.
    @Test func aNameThatComesTwiceIsReplaced() async throws {
        let items = [
            folder("/"), folder("/new"), file("/new/a", "first"), file("/new/a", "second"), link("/new/a", to: "b"),
        ]
        #expect(try await Journey.restore(items, to: scratch.absolute("target")) == [])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.absolute("target/new/a")) == "b")
        #expect(try scratch.names("target/new") == ["a"])
    }

    @Test func saysWhatItCannotMake() async throws {
        let device = Journey.Item(record: Record(path: "/null", info: info("/null", [.device, .characterDevice])))
        let noContent = Journey.Item(
            record: Record(path: "/a", info: info("/a", .regular(permissions: 0o644), size: 3)))
        let noTarget = Journey.Item(record: Record(path: "/b", info: info("/b", .symbolicLink)))
        let failures = try await Journey.restore(
            [folder("/"), noContent, noTarget, device, file("/c", "C")], to: scratch.absolute("target"))
        #expect(failures.map(\.path) == ["/a", "/b", "/null"])
        #expect(failures.last?.reason.contains("device") == true)
        #expect(try scratch.names("target") == ["c"])
    }

    @Test func pingLooksWithoutWriting() async throws {
        let new = try Journey.exporter(scratch.absolute("new/below"))
        #expect(try await new.ping().contains("new/below"))
        #expect(!scratch.exists("new"))
        try scratch.file("file")
        let blocked = try Journey.exporter(scratch.absolute("file/below"))
        await #expect(throws: ConnectorError.self) { try await blocked.ping() }
        await #expect(throws: ConnectorError.self) { try await blocked.begin(Journey.EmptyTree(), ConnectorContext()) }
    }

    @Test(.enabled(if: geteuid() != 0, "root gives every file its owner"))
    func aStrangersFileDoesNotRunWithOurRights() async throws {
        var item = file("/tool", "#!")
        item.record.info?.mode = [.setUserID, .setGroupID, .regular(permissions: 0o755)]
        item.record.info?.userID = 0
        #expect(try await Journey.restore([folder("/"), item], to: scratch.absolute("target")) == [])
        #expect(try scratch.status("target/tool").st_mode & 0o7777 == 0o755)
    }

    /// Damaged content: one piece, then an error.
    private actor BreakingReader: ContentReader {
        private var pieces = 0
        func next() throws -> [UInt8]? {
            pieces += 1
            guard pieces == 1 else { throw ConnectorError(.corrupt, "damaged") }
            return [1, 2, 3]
        }
        func close() {}
    }
}
