import ConnectorKit
import FileConnector
import Foundation
import Synchronization
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

@Suite struct FileImporterTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func beginsWithTheFoldersAboveAndGoesInOrder() async throws {
        for folder in ["b", "b/y", "a"] { try scratch.folder(folder) }
        for file in ["b/y/1", "b/x", "b/z", "a/2", "c"] { try scratch.file(file) }
        let items = try await Journey.collect(scratch.path).items
        let root = BytePath(scratch.path)
        #expect(items.first?.record.path == .root)
        #expect(items.first?.record.info?.name == Array("/".utf8))
        #expect(items[root.depth].record.path == root)
        #expect(items[..<root.depth].allSatisfy { $0.record.info?.userName == [] && $0.record.info?.groupName == [] })
        let below = Journey.below(scratch.path, items).map(\.record.path)
        #expect(below == ["/", "/a", "/b", "/c", "/a/2", "/b/x", "/b/y", "/b/z", "/b/y/1"])
        for (index, item) in items.enumerated() {
            if let parent = item.record.path.parent {
                #expect(items[..<index].contains { $0.record.path == parent })
            }
        }
    }

    @Test func tellsWhoItIs() async throws {
        let importer = try Journey.importer(scratch.path + "/./x/../")
        #expect(importer.identity.type == "fs")
        #expect(importer.identity.root == BytePath(scratch.path))
        #expect(!importer.identity.origin.isEmpty)
        #expect(try await importer.ping().contains(scratch.path))
        let registry = ConnectorRegistry([FileIntegration.integration])
        let relative = ConnectorConfiguration(location: Location("."), workingDirectory: scratch.path)
        #expect(try await registry.importer(relative).identity == importer.identity)
    }

    @Test func recordsOwnersByNumberAndName() async throws {
        try scratch.file("mine", [1])
        let info = try #require(
            try await Journey.collect(scratch.path)[BytePath(scratch.absolute("mine"))]?.record.info)
        #expect(info.userID == UInt64(geteuid()))
        if let name = getpwuid(geteuid())?.pointee.pw_name {
            #expect(info.userName == Array(String(cString: name).utf8))
        }
        #expect(info.size == 1 && info.linkCount == 1 && info.inode != 0)
    }

    @Test func oneFileIsASourceToo() async throws {
        try scratch.file("note.ics", Array("BEGIN".utf8))
        try scratch.file("neighbour", Array("no".utf8))
        let path = scratch.absolute("note.ics")
        let collected = try await Journey.collect(path)
        #expect(collected[BytePath(path)]?.content == Array("BEGIN".utf8))
        #expect(collected.items.last?.record.path == BytePath(path))
        #expect(!collected.items.contains { $0.record.path.name == Array("neighbour".utf8) })
        try scratch.link("link.ics", to: "note.ics")
        let linked = scratch.absolute("link.ics")
        #expect(try await Journey.collect(linked)[BytePath(linked)]?.content == Array("BEGIN".utf8))
    }

    @Test func aLinkAsTheRootIsFollowed() async throws {
        try scratch.folder("real")
        try scratch.file("real/file", [7])
        try scratch.link("current", to: "real")
        let path = scratch.absolute("current")
        let collected = try await Journey.collect(path)
        #expect(collected[BytePath(path)]?.record.info?.mode.isDirectory == true)
        #expect(collected[BytePath(path + "/file")]?.content == [7])
    }

    @Test func whatIsNotThereIsAnError() throws {
        #expect(throws: ConnectorError(.notFound, "")) { try Journey.importer(scratch.absolute("missing")) }
        #expect(throws: ConnectorError(.invalidConfiguration, "")) { try Journey.importer("") }
        #expect(throws: ConnectorError(.invalidConfiguration, "")) { try Journey.importer("/a\0b") }
        #expect(throws: ConnectorError(.invalidConfiguration, "")) {
            try Journey.importer(scratch.path, ["dont_traverse_fs": "perhaps"])
        }
        try scratch.file("file")
        #expect(throws: ConnectorError.self) { try Journey.importer(scratch.absolute("file/below")) }
    }

    @Test func anUnknownOptionIsRefusedNamingTheKnownOnes() throws {
        let error = #expect(throws: ConnectorError(.invalidConfiguration, "")) {
            try Journey.importer(scratch.path, ["dont_traverse": "true"])
        }
        #expect(error?.description.contains("dont_traverse_fs") == true)
        #expect(throws: ConnectorError(.invalidConfiguration, "")) {
            try FileExporter(
                ConnectorConfiguration(location: Location(scheme: "fs", rest: scratch.path), options: ["x": "1"]))
        }
    }

    /// Everything that the importer says about files that `change` touches after their first piece was read.
    private func events(
        changing name: String, _ change: @escaping @Sendable () throws -> Void
    ) async throws -> [ConnectorEvent] {
        let importer = try Journey.importer(scratch.path)
        let events = Mutex<[ConnectorEvent]>([])
        let path = BytePath(scratch.absolute(name))
        let context = ConnectorContext { event in events.withLock { $0.append(event) } }
        try await importer.importRecords(context) { record in
            guard record.path == path else { return }
            let reader = try await importer.open(record)
            #expect(try await reader.next()?.count == 1 << 20)
            try change()
            while try await reader.next() != nil {}
            await reader.close()
        }
        return events.withLock { $0 }
    }

    @Test func aFileThatShrinksWhileItIsReadIsReported() async throws {
        try scratch.file("log", [UInt8](repeating: 1, count: 3 << 20))
        let file = scratch.absolute("log")
        let events = try await events(changing: "log") { _ = truncate(file, 1 << 20) }
        guard case .incomplete(let text) = events.first else {
            Issue.record("\(events)")
            return
        }
        #expect(events.count == 1 && text.contains("log") && text.contains("shorter"))
    }

    @Test func aFileThatChangesWhileItIsReadIsReported() async throws {
        try scratch.file("mailbox", [UInt8](repeating: 1, count: 2 << 20))
        try scratch.setTime("mailbox", seconds: 1_000_000_000, nanoseconds: 0)
        let scratch = scratch
        let events = try await events(changing: "mailbox") {
            try scratch.file("mailbox", [UInt8](repeating: 2, count: 2 << 20))
        }
        #expect(events == [.warning("\(scratch.absolute("mailbox")) changed while it was read.")])
        #expect(try await self.events(changing: "mailbox") {} == [])
    }

    @Test(.enabled(if: geteuid() != 0, "root can read everything"))
    func whatCannotBeReadIsAnErrorRecord() async throws {
        try scratch.folder("closed")
        try scratch.file("closed/inside", [1])
        try scratch.file("secret", [1], mode: 0o000)
        try scratch.file("zebra", [2])
        try scratch.check(chmod(scratch.absolute("closed"), 0o000), "chmod")
        let collected = try await Journey.collect(scratch.path)
        #expect(
            collected.failures.map(\.record.path) == [
                BytePath(scratch.absolute("closed")), BytePath(scratch.absolute("secret")),
            ])
        #expect(collected.failures.allSatisfy { $0.record.error?.contains("Permission denied") == true })
        #expect(collected[BytePath(scratch.absolute("closed"))] == nil, "a path is an entry or an error, never both")
        #expect(collected[BytePath(scratch.absolute("zebra"))]?.content == [2])
    }

    @Test func aFolderThatGoesAwayDuringTheWalkLeavesAGap() async throws {
        try scratch.folder("a")
        try scratch.folder("b")
        try scratch.file("b/inside", [1])
        let importer = try Journey.importer(scratch.path)
        let seen = Mutex<(records: [Record], events: [ConnectorEvent])>(([], []))
        let scratch = scratch
        let gone = BytePath(scratch.absolute("a"))
        let context = ConnectorContext { event in seen.withLock { $0.events.append(event) } }
        try await importer.importRecords(context) { record in
            seen.withLock { $0.records.append(record) }
            if record.path == gone { try scratch.check(rmdir(scratch.absolute("a")), "rmdir") }
        }
        let (records, events) = seen.withLock { $0 }
        #expect(records.filter { $0.path == gone }.map(\.error) == [nil], "a path is an entry or an error, never both")
        #expect(events.count == 1)
        #expect(records.contains { $0.path == BytePath(scratch.absolute("b/inside")) })
    }

    @Test func aFileReplacedBeforeItIsReadIsAnError() async throws {
        try scratch.file("file", [1])
        let importer = try Journey.importer(scratch.path)
        let record = try #require(try await Journey.collect(scratch.path)[BytePath(scratch.absolute("file"))]?.record)
        try scratch.file("new", [2])
        try scratch.check(rename(scratch.absolute("new"), scratch.absolute("file")), "rename")
        await #expect(throws: ConnectorError(.inputOutput, "")) { try await importer.open(record) }
        try scratch.check(unlink(scratch.absolute("file")), "unlink")
        await #expect(throws: ConnectorError(.notFound, "")) { try await importer.open(record) }
        try scratch.link("file", to: "/etc/hostname")
        await #expect(throws: ConnectorError.self) { try await importer.open(record) }
    }

    /// What an importer keeps must not grow with each file that is opened: releasing it once overflowed the stack.
    @Test func manyFilesAreOpenedOneAfterTheOther() async throws {
        try scratch.file("file", [1])
        let importer = try Journey.importer(scratch.path)
        let record = Record(path: BytePath(scratch.absolute("file")), info: nil, content: .onDemand)
        var bytes = 0
        for _ in 0..<100_000 {
            let reader = try await importer.open(record)
            bytes += try await reader.next()?.count ?? 0
            await reader.close()
        }
        #expect(bytes == 100_000)
    }

    @Test func openStaysBelowTheRoot() async throws {
        try scratch.folder("inside")
        try scratch.file("outside", [1])
        let importer = try Journey.importer(scratch.absolute("inside"))
        let record = Record(path: BytePath(scratch.absolute("outside")), info: nil, content: .onDemand)
        await #expect(throws: ConnectorError(.notFound, "")) { try await importer.open(record) }
    }

    @Test func aGrowingFileIsReadToTheSizeItHad() async throws {
        try scratch.file("log", [UInt8](repeating: 1, count: 1000))
        let importer = try Journey.importer(scratch.path)
        let reader = try await importer.open(Record(path: BytePath(scratch.absolute("log")), info: nil))
        try scratch.file("log", [UInt8](repeating: 1, count: 5000))
        #expect(try await Journey.read(reader).count == 1000)
    }

    @Test func stopsWhenItIsCancelled() async throws {
        try scratch.file("file")
        let importer = try Journey.importer(scratch.path)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await importer.importRecords(ConnectorContext()) { _ in }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
