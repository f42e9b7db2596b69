import Foundation
import PeerPrograms
import SeededNumbers
import Testing

/// A store on a disk is damaged in every way: `check` answers 65 and names the file, `restore` gives back what is not
/// hurt, and the program never ends by a signal. The engine's own tests (`KlosetTests/DamageMatrixTests`) damage every
/// part of every file; these are samples through the door that people use.
@Suite struct DamagedStoreTests {
    private enum Harm: CaseIterable {
        case flip, cut, empty, extend, remove, exchange, garbage
    }

    private let files = [
        "a.ics": "BEGIN:VCALENDAR\r\nfirst\r\n", "sub/b.ics": "BEGIN:VCALENDAR\r\nsecond\r\n",
        "sub/deep/c.vcf": "third",
        "empty": "",
    ]

    private func make(_ fasti: FastiProgram, _ options: [String]) async throws -> String {
        let source = fasti.home.appending("source")
        for (name, text) in files {
            let url = URL(filePath: source).appending(path: name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        let store = fasti.home.appending("store")
        try await fasti(["at", store, "create"] + options)
        try await fasti(["at", store, "backup", source])
        return store
    }

    /// The files of a store, without the empty folders.
    private func parts(of store: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: store).sorted().filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: store + "/" + name, isDirectory: &isFolder)
                && !isFolder.boolValue
        }
    }

    private func harm(
        _ harm: Harm, _ part: String, other: String, in store: String, _ random: inout SeededGenerator
    ) throws {
        let url = URL(filePath: store).appending(path: part)
        var bytes = [UInt8](try Data(contentsOf: url))
        switch harm {
        case .flip: bytes[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() & 7)
        case .cut: bytes.removeLast(1 + Int(random.next() % UInt64(bytes.count - 1)))
        case .empty: bytes = []
        case .extend: bytes += (0..<40).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        case .remove: return try FileManager.default.removeItem(at: url)
        case .exchange: bytes = [UInt8](try Data(contentsOf: URL(filePath: store).appending(path: other)))
        case .garbage: bytes = bytes.map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        try Data(bytes).write(to: url)
    }

    @Test(arguments: [["-plaintext"], ["-plaintext", "-no-compression", "-hashing", "SHA256"]])
    func samplesOfEveryHarm(options: [String]) async throws {
        let fasti = try FastiProgram()
        let store = try await make(fasti, options)
        let pristine = fasti.home.appending("pristine")
        try FileManager.default.copyItem(atPath: store, toPath: pristine)
        var random = SeededGenerator(seed: 21)
        let parts = try parts(of: store)
        #expect(parts.count == 4)
        for part in parts {
            for harm in Harm.allCases {
                try FileManager.default.removeItem(atPath: store)
                try FileManager.default.copyItem(atPath: pristine, toPath: store)
                let other = parts.first { $0 != part } ?? part
                try self.harm(harm, part, other: other, in: store, &random)
                try await examine(fasti, store, part, harm)
            }
        }
    }

    private func examine(_ fasti: FastiProgram, _ store: String, _ part: String, _ harm: Harm) async throws {
        let what = "\(part.split(separator: "/")[0]) \(harm)"
        let check = try await run(
            fasti.executable, ["at", store, "check"], environment: fasti.environment, in: fasti.home.path)
        let said = check.text + check.standardError
        let name = part.split(separator: "/").last.map { String($0.prefix(8)) } ?? part
        switch (part.split(separator: "/")[0], harm) {
        case ("CONFIG", .remove):
            #expect(check.status == 66, "\(what): \(said)")
        case ("states", .remove):
            // The only state: what is left looks like a backup that was cut off, and says so.
            #expect([1, 65].contains(check.status), "\(what): \(said)")
        default:
            #expect(check.status == 65, "\(what): \(check.status) \(said)")
            #expect(said.contains(name), "\(what) is not named: \(said)")
        }
        let target = fasti.home.appending("restored")
        let restore = try await run(
            fasti.executable, ["at", store, "restore", "-to", target], environment: fasti.environment,
            in: fasti.home.path)
        #expect([0, 1, 3, 65, 66].contains(restore.status), "\(what): \(restore.standardError)")
        var found = 0
        for (name, text) in files {
            guard let data = FileManager.default.contents(atPath: target + "/" + name) else { continue }
            #expect(data == Data(text.utf8), "\(what): \(name) has other bytes")
            found += 1
        }
        #expect(restore.status != 0 || found == files.count, "\(what): success is claimed for \(found) files")
        try? FileManager.default.removeItem(atPath: target)
    }

    @Test func anEncryptedStoreTellsDamageFromAWrongPassphrase() async throws {
        let fasti = try FastiProgram()
        let store = try await make(fasti, [])
        var environment = fasti.environment
        environment["FASTI_PASSPHRASE"] = "incorrect horse"
        let wrong = try await run(
            fasti.executable, ["at", store, "check"], environment: environment, in: fasti.home.path)
        #expect(wrong.status == 77, "\(wrong.standardError)")
        var random = SeededGenerator(seed: 4)
        let part = try #require(try parts(of: store).first { $0.hasPrefix("packfiles") })
        try harm(.flip, part, other: part, in: store, &random)
        let check = try await run(
            fasti.executable, ["at", store, "check"], environment: fasti.environment, in: fasti.home.path)
        #expect(check.status == 65, "\(check.standardError)")
        // A changed digest of CONFIG is damage; with the wrong passphrase nothing is told about it.
        let url = URL(filePath: store).appending(path: "CONFIG")
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: url)
        let changed = try await run(
            fasti.executable, ["at", store, "check"], environment: fasti.environment, in: fasti.home.path)
        #expect(changed.status == 65, "\(changed.standardError)")
        let both = try await run(
            fasti.executable, ["at", store, "check"], environment: environment, in: fasti.home.path)
        #expect(both.status == 77, "\(both.standardError)")
        #expect(both.standardError == wrong.standardError)
    }
}
