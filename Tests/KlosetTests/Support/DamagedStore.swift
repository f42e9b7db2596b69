import ConnectorKit
import Kloset
import KlosetFormat
import Synchronization

/// A small store whose every byte is known: which blob it belongs to, and which files need that blob.
struct DamagedStore: Sendable {
    enum Kind: CaseIterable, Sendable {
        case plain, encrypted, sha256Uncompressed, sha256EncryptedGzip

        var options: RepositoryOptions {
            // Derivation at the cheapest that a store may have: the key is derived thousands of times.
            let cost = Argon2idParameters(passes: 1, memory: 8)
            return switch self {
            case .plain: RepositoryOptions()
            case .encrypted: RepositoryOptions(keyDerivation: cost)
            case .sha256Uncompressed: RepositoryOptions(hashing: .sha256, compression: .none)
            case .sha256EncryptedGzip: RepositoryOptions(hashing: .sha256, compression: .gzip, keyDerivation: cost)
            }
        }

        var passphrase: [UInt8]? {
            self == .encrypted || self == .sha256EncryptedGzip ? Array("correct horse".utf8) : nil
        }
    }

    /// A part of a packfile.
    struct Place: Sendable {
        /// Nil for everything that is no blob: wrapper, index, footer, digest.
        let blob: BlobID?
        let range: Range<Int>
    }

    static let source = SampleSource(
        files: [
            "a.ics": Array("BEGIN:VCALENDAR\r\nfirst\r\n".utf8), "b.ics": Array("BEGIN:VCALENDAR\r\nsecond\r\n".utf8),
            "c/d.vcf": Array("BEGIN:VCARD\r\nthird\r\n".utf8), "c/e/f.vcf": Array("BEGIN:VCARD\r\nfourth\r\n".utf8),
            "c/e/empty": [], "same": Array("BEGIN:VCALENDAR\r\nfirst\r\n".utf8),
        ])

    let kind: Kind
    let contents: MemoryStore.Contents
    let snapshot: MAC
    let places: [MAC: [Place]]
    /// The files that cannot be given back without a blob.
    let needs: [BlobID: Set<String>]

    init(_ kind: Kind) async throws {
        self.kind = kind
        let store = MemoryStore()
        let repository = try await Repository.create(in: store, kind.options, passphrase: kind.passphrase)
        snapshot = try await Self.source.backUp(to: repository).header.identifier
        contents = store.contents.withLock { $0 }

        let bytes = try StoreBytes(contents, passphrase: kind.passphrase)
        var places: [MAC: [Place]] = [:]
        var needs: [BlobID: Set<String>] = [:]
        for (packfile, records) in bytes.packfiles {
            var found = records.map { record in
                let start = Int(PackfileLayout.dataOffset + record.offset)
                return Place(blob: record.blob, range: start..<start + Int(record.length))
            }
            let end = found.map(\.range.upperBound).max() ?? 16
            let size = contents.objects[MemoryStore.Key(resource: .packfile, mac: packfile)]?.count ?? end
            found += [Place(blob: nil, range: 0..<16), Place(blob: nil, range: end..<size)]
            places[packfile] = found
        }
        let objects = try bytes.plain(.object)
        let opened = try await repository.snapshot(snapshot)
        for name in Self.source.files.keys {
            guard let entry = try await opened.entry(at: BytePath("/data/home/" + name)) else { continue }
            needs[BlobID(.object, entry.object), default: []].insert(name)
            guard let object = objects.first(where: { $0.mac == entry.object }) else { continue }
            for chunk in try Object(decoding: object.bytes).chunks {
                needs[BlobID(.chunk, chunk.contentMAC), default: []].insert(name)
            }
        }
        needs[BlobID(.snapshot, snapshot)] = Set(Self.source.files.keys)
        self.places = places
        self.needs = needs
    }

    // MARK: What is left of it

    /// What can still be learnt from a damaged copy.
    struct Verdict {
        var opens = false
        var error: KlosetError?
        var isSound = false
        var findings: [CheckFinding] = []
        /// Files that a restore gives back.
        var restored: [String: [UInt8]] = [:]

        var damages: [CheckFinding] { findings.filter { $0.severity == .damage } }
    }

    func examine(_ damaged: MemoryStore.Contents) async -> Verdict {
        var verdict = Verdict()
        let repository: Repository
        do {
            repository = try await LockedRepository.read(MemoryStore(damaged)).unlock(passphrase: kind.passphrase)
        } catch {
            verdict.error = error as? KlosetError
            return verdict
        }
        verdict.opens = true
        let findings = Mutex<[CheckFinding]>([])
        let summary = try? await repository.check { finding in findings.withLock { $0.append(finding) } }
        verdict.isSound = summary?.isSound ?? false
        verdict.findings = findings.withLock { $0 }
        guard let snapshot = try? await repository.snapshot(snapshot) else { return verdict }
        // As a restore begins.
        guard (try? await snapshot.entry(at: snapshot.root))?.isDirectory == true else { return verdict }
        var folders = [snapshot.root]
        while let folder = folders.popLast() {
            for entry in (try? await snapshot.children(of: folder)) ?? [] {
                if entry.isDirectory { folders.append(entry.path) }
                guard entry.info.mode.isRegular, let reader = try? snapshot.reader(for: entry) else { continue }
                var content: [UInt8]? = []
                do {
                    while let piece = try await reader.next() { content?.append(contentsOf: piece) }
                } catch {
                    content = nil
                }
                let name = String(decoding: entry.path.bytes.dropFirst("/data/home/".utf8.count), as: UTF8.self)
                verdict.restored[name] = content
            }
        }
        return verdict
    }
}
