import BackupEngine
import ConnectorKit
import Kloset
import PeerPrograms
import Testing

/// Snapshots as the connector of plakar makes them: type `caldav`, one calendar, its objects at the root.
@Suite struct PlakarCalendarTests {
    private struct OneCalendar: Importer {
        let files: [String: String]
        let identity = ConnectorIdentity(
            type: "caldav", origin: "https://cal.example.org/dav/anna/personal/", root: .root)

        func ping() -> String { "one calendar" }

        func importRecords(_ context: ConnectorContext, emit: @Sendable (Record) async throws -> Void) async throws {
            try await emit(
                Record(
                    path: .root,
                    info: FileInfo(
                        name: BytePath.root.bytes, size: 0, mode: .directory(permissions: 0o755),
                        modificationTime: .epoch)))
            for (name, text) in files.sorted(by: { $0.key < $1.key }) {
                guard let path = BytePath.root.appending(name) else { continue }
                let info = FileInfo(
                    name: path.name, size: Int64(text.utf8.count), mode: .regular(permissions: 0o664),
                    modificationTime: .epoch)
                try await emit(Record(path: path, info: info, content: .inline(Array(text.utf8))))
            }
        }

        func open(_ record: Record) throws -> any ContentReader {
            throw ConnectorError(.notFound, "everything came along")
        }

        func close() {}
    }

    private func event(_ uid: String, _ summary: String) -> String {
        [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:\(uid)", "DTSTAMP:20260101T000000Z",
            "DTSTART:20260310T100000Z", "SUMMARY:\(summary)", "END:VEVENT", "END:VCALENDAR", "",
        ].joined(separator: "\r\n")
    }

    @Test func theyRestoreAndAreUnderstood() async throws {
        let program = try Program()
        let store = program.home.appending("store")
        let repository = try await Repository.create(in: FileSystemStore(path: store), passphrase: nil)
        for summary in ["Dentist", "Doctor"] {
            let source = OneCalendar(files: [
                "one.ics": event("1", summary), "two words.ics": event("2", "Same"), "readme.txt": "no event",
            ])
            _ = try await BackupJob(repository: repository, importer: source).run { _ in }
        }
        await repository.close()
        let snapshots = try await program("at", store, "ls", "--json").document()
        let list = try #require(snapshots["snapshots"] as? [[String: Any]])
        let names = list.compactMap { $0["identifier"] as? String }
        try #require(names.count == 2)
        let said = try await program("at", store, "diff", names[1], names[0])
        #expect(said.text.contains("~ Dentist is called \"Doctor\" now\n"), "\(said.text)")

        let server = try #require(try await PeerServer.start(.fasti, in: program.home.appending("server")))
        let place = "caldav+http://127.0.0.1:\(server.port)"
        let result = try await program("at", store, "restore", "--to", place, names[1])
        // What is no event cannot go to a calendar, and is no secret.
        #expect(result.status == 3 && result.standardError.contains("readme.txt"), "\(result.text)")
        let home = "\(server.url)/user/calendars/personal/"
        #expect(try await exchange("GET", home + "one.ics").text == event("1", "Dentist"))
        #expect(try await exchange("GET", home + "two%20words.ics").text == event("2", "Same"))
        let merged = try await program("at", store, "restore", "--to", place, "--mode", "overwrite", "latest")
        #expect(merged.text.contains("\"personal\" -> /user/calendars/personal/: 1 replaced, 1 there already"))
        await server.stop()
    }
}
