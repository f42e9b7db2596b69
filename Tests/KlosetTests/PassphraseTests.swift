import ConnectorKit
import Kloset
import KlosetFormat
import Synchronization
import Testing

/// A wrong passphrase costs what a right one costs until the canary has spoken, and tells nothing else.
@Suite struct PassphraseTests {
    private static let passphrase = Array("correct horse battery staple".utf8)

    /// Counts what is asked of a store.
    private final class CountingStore: Store {
        let store: MemoryStore
        let calls = Mutex<[String]>([])

        init(_ store: MemoryStore) { self.store = store }

        var location: String { store.location }
        var mode: StoreMode { store.mode }

        func create(configuration: [UInt8]) async throws { try await store.create(configuration: configuration) }

        func open() async throws -> [UInt8] {
            calls.withLock { $0.append("open") }
            return try await store.open()
        }

        func list(_ resource: StoreResource) async throws -> [MAC] {
            calls.withLock { $0.append("list \(resource)") }
            return try await store.list(resource)
        }

        func put(_ resource: StoreResource, _ mac: MAC, _ bytes: [UInt8]) async throws {
            try await store.put(resource, mac, bytes)
        }

        func get(_ resource: StoreResource, _ mac: MAC, range: Range<UInt64>?) async throws -> [UInt8] {
            calls.withLock { $0.append("get \(resource)") }
            return try await store.get(resource, mac, range: range)
        }

        func delete(_ resource: StoreResource, _ mac: MAC) async throws { try await store.delete(resource, mac) }

        func close() async {}
    }

    private func made() async throws -> MemoryStore {
        let store = MemoryStore()
        let options = RepositoryOptions(keyDerivation: Argon2idParameters(passes: 1, memory: 8))
        let repository = try await Repository.create(in: store, options, passphrase: Self.passphrase)
        try await SampleSource(files: ["a": [1]]).backUp(to: repository)
        return store
    }

    private static let wrong: [[UInt8]] = {
        var oneBit = passphrase
        oneBit[5] ^= 1
        return [
            oneBit, Array(passphrase.dropLast()), passphrase + [0x0A], passphrase + [0], Array("x".utf8), [0xFF],
            Array("CORRECT HORSE BATTERY STAPLE".utf8), [UInt8](repeating: 0x61, count: 5000),
        ]
    }()

    @Test func everyWrongPassphraseTakesTheSameWayAndReadsNothingMore() async throws {
        let memory = try await made()
        var messages: Set<String> = []
        for passphrase in Self.wrong {
            let store = CountingStore(memory)
            do {
                _ = try await LockedRepository.read(store).unlock(passphrase: passphrase)
                Issue.record("\(passphrase) opens the store")
            } catch {
                let error = try #require(error as? KlosetError)
                #expect(error.code == .authentication)
                messages.insert(error.description)
            }
            #expect(store.calls.withLock { $0 } == ["open"])
        }
        #expect(messages.count == 1, "they cannot be told apart: \(messages)")
    }

    /// The digest of CONFIG is looked at after the canary, so that a wrong passphrase is never found out early by it,
    /// and a right one on a changed CONFIG is damage.
    @Test func theDigestOfTheConfigurationIsNoShortcut() async throws {
        let memory = try await made()
        memory.contents.withLock { contents in
            guard let last = contents.configuration?.indices.last else { return }
            contents.configuration?[last] ^= 1
        }
        for passphrase in Self.wrong {
            await #expect(throws: KlosetError(.authentication, "")) {
                _ = try await LockedRepository.read(memory).unlock(passphrase: passphrase)
            }
        }
        await #expect(throws: KlosetError(.corrupt, "")) {
            _ = try await LockedRepository.read(memory).unlock(passphrase: Self.passphrase)
        }
    }

    /// The derivation runs whatever the passphrase is: one that cannot run fails for all of them alike.
    @Test func theKeyIsDerivedBeforeAnythingIsCompared() async throws {
        for passphrase in Self.wrong + [Self.passphrase] {
            let cost = Argon2idParameters(passes: 0, memory: 8)
            #expect(throws: KlosetError(.incompatible, "")) {
                _ = try KeyDerivation.argon2id(
                    passphrase: passphrase, salt: [UInt8](repeating: 1, count: 16), passes: cost.passes,
                    memory: cost.memory, lanes: 1, length: 32)
            }
        }
    }
}
