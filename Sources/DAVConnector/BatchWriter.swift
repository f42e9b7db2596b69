import DAVClient

/// Brings a batch of objects to a server in two steps: all are sent, then all are read back.
struct BatchWriter: Sendable {
    /// What became of an object, with what the server made of it. nil where nothing was sent, in a rehearsal.
    enum Result: Sendable {
        case added(Fidelity?)
        case replaced(Fidelity?)
        /// The same object is there already.
        case present
        /// An earlier run of the same restore stored it.
        case made(Fidelity)
        /// Something else is there, and stays.
        case kept
        case failed(String)
    }

    typealias Sent = [(upload: Upload, outcome: ObjectWriter.Outcome)]
    typealias Results = [(upload: Upload, result: Result)]

    let client: DAVClient
    /// Says what would be done, and does not.
    let isRehearsal: Bool
    let tempo: WriteTempo

    // MARK: Sending

    /// - Returns: the outcomes in the order of the batch.
    func send(_ batch: [Upload]) async throws -> Sent {
        let batch = try await withCurrent(batch)
        let start = ContinuousClock.now
        let outcomes = try await client.besideConnections { try await write(batch) }
        let count = outcomes.count { if case .stored = $0 { true } else { false } }
        if !isRehearsal { tempo.observe(count, in: .now - start) }
        return Array(zip(batch, outcomes).map { (upload: $0, outcome: $1) })
    }

    private func write(_ batch: [Upload]) async throws -> [ObjectWriter.Outcome] {
        let writer = ObjectWriter(client: client, isRehearsal: isRehearsal)
        let concurrency = tempo.concurrency
        return try await withThrowingTaskGroup(of: (Int, ObjectWriter.Outcome).self) { group in
            var outcomes = [ObjectWriter.Outcome](repeating: .failed("not tried"), count: batch.count)
            var next = 0
            var running = 0
            while next < batch.count || running > 0 {
                while running < concurrency, next < batch.count {
                    let (index, upload) = (next, batch[next])
                    group.addTask { (index, try await writer.write(upload)) }
                    next += 1
                    running += 1
                }
                guard let (index, outcome) = try await group.next() else { break }
                outcomes[index] = outcome
                running -= 1
            }
            return outcomes
        }
    }

    /// Reads what is in the way of the objects, as far as it is not known to be the same.
    private func withCurrent(_ batch: [Upload]) async throws -> [Upload] {
        var batch = batch
        let open = batch.indices.filter { index in
            guard let member = batch[index].existing else { return false }
            return member.strongETag == nil || member.strongETag != batch[index].etag
        }
        for indices in Dictionary(grouping: open, by: { batch[$0].target }).values {
            guard let first = indices.first else { continue }
            let reader = ReadBack(client, collection: batch[first].collection, kind: batch[first].kind)
            let members = indices.compactMap { batch[$0].existing }
            for (index, (_, outcome)) in zip(indices, try await reader.read(members)) {
                if case .success(let content) = outcome { batch[index].current = content }
            }
        }
        return batch
    }

    // MARK: Reading back

    /// Reads back what was stored: an answer of success is a promise, this is the proof.
    func verify(_ sent: Sent) async throws -> Results {
        var results: Results = []
        var stored: [(upload: Upload, url: DAVURL, replacing: Bool)] = []
        for (upload, outcome) in sent {
            switch outcome {
            case .stored(let url, let replacing):
                if isRehearsal {
                    results.append((upload, replacing ? .replaced(nil) : .added(nil)))
                } else {
                    stored.append((upload, url, replacing))
                }
            case .present: results.append((upload, .present))
            case .made(let fidelity): results.append((upload, .made(fidelity)))
            case .kept: results.append((upload, .kept))
            case .failed(let reason): results.append((upload, .failed(reason)))
            }
        }
        for objects in Dictionary(grouping: stored, by: { $0.upload.target }).values {
            guard let first = objects.first?.upload else { continue }
            let reader = ReadBack(client, collection: first.collection, kind: first.kind)
            let answers = try await reader.read(objects.map { Member(href: $0.url.target, url: $0.url) })
            for ((upload, _, replacing), (_, outcome)) in zip(objects, answers) {
                switch outcome {
                case .success(let content):
                    let fidelity = upload.fidelity(content.bytes)
                    results.append((upload, replacing ? .replaced(fidelity) : .added(fidelity)))
                case .failure(let error):
                    results.append((upload, .failed("The server took it, but does not give it back: \(error)")))
                }
            }
        }
        return results
    }
}
