import ConnectorKit
import Kloset
import SeededNumbers

/// A small tree of files to be backed up.
struct SampleSource {
    static let identity = ConnectorIdentity(type: "test", origin: "here", root: "/data/home")

    var files: [String: [UInt8]]
    var modificationTime: Int64 = 1_700_000_000

    /// Calendars, an empty file, an empty folder, a link, names of all kinds, and one large file.
    static func standard(largeFile: Int = 700 << 10) -> SampleSource {
        var generator = SeededGenerator(seed: 7)
        var files: [String: [UInt8]] = [:]
        for number in 0..<120 {
            files["calendars/work/event-\(number).ics"] = Array(
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nSUMMARY:Event \(number)\r\nEND:VCALENDAR\r\n".utf8)
        }
        files["calendars/work!/x.ics"] = Array("BEGIN:VCALENDAR\r\n".utf8)
        files["calendars/Grüße & Küsse/ä.vcf"] = Array("BEGIN:VCARD\r\n".utf8)
        files["empty"] = []
        files["zeros"] = [UInt8](repeating: 0, count: 1000)
        files["large.bin"] = generator.bytes(largeFile)
        return SampleSource(files: files)
    }

    var records: [Record] {
        var records: [Record] = []
        for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
            let path = BytePath("/data/home/" + name)
            records.append(
                Record(
                    path: path, info: info(path, .regular(permissions: 0o644), Int64(bytes.count)), content: .onDemand))
        }
        for folder: BytePath in [
            "/data/home", "/data/home/calendars", "/data/home/calendars/work", "/data/home/nothing",
        ] {
            records.append(Record(path: folder, info: info(folder, .directory(permissions: 0o755), 4096)))
        }
        let link: BytePath = "/data/home/link"
        records.append(
            Record(
                path: link, info: info(link, [.symbolicLink, FileMode(rawValue: 0o777)], 5),
                symbolicLinkTarget: Array("empty".utf8)))
        return records
    }

    private func info(_ path: BytePath, _ mode: FileMode, _ size: Int64) -> FileInfo {
        FileInfo(
            name: path.name, size: size, mode: mode,
            modificationTime: Timestamp(seconds: modificationTime, nanoseconds: 17), userID: 1000, groupID: 1000,
            userName: Array("anna".utf8), groupName: Array("users".utf8))
    }

    func content(of path: BytePath) -> [UInt8]? {
        files[String(decoding: path.bytes.dropFirst("/data/home/".utf8.count), as: UTF8.self)]
    }

    /// Makes a snapshot of everything.
    @discardableResult
    func backUp(
        to repository: Repository, parent: Snapshot? = nil, extra: [Record] = [], incomplete: String? = nil
    ) async throws -> (header: SnapshotHeader, outcomes: [AddOutcome], statistics: WriterStatistics) {
        let writer = try await repository.writer(
            SnapshotDescription(
                identity: Self.identity, tags: ["test"], context: [("Hostname", "here"), ("Client", "tests")]),
            parent: parent)
        var outcomes: [AddOutcome] = []
        for record in records + extra {
            let content = content(of: record.path) ?? []
            outcomes.append(try await writer.add(record) { InlineContentReader(content) })
        }
        let header = try await writer.commit(incomplete: incomplete)
        return (header, outcomes, await writer.statistics)
    }

    /// Compares a snapshot with the files.
    func differences(to snapshot: Snapshot) async throws -> [String] {
        var differences: [String] = []
        for (name, bytes) in files {
            let path = BytePath("/data/home/" + name)
            do {
                if try await snapshot.content(at: path, limit: 1 << 30) != bytes { differences.append(name) }
            } catch {
                differences.append("\(name): \(error)")
            }
        }
        return differences.sorted()
    }
}

extension SeededGenerator {
    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) } }
        return Array(bytes.prefix(count))
    }
}
