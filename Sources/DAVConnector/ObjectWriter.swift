import ConnectorKit
import DAVClient
import WebDAV
import XMLStream

/// One object on its way to a server.
struct Upload: Sendable {
    /// In the snapshot.
    let path: BytePath
    let url: DAVURL
    let bytes: [UInt8]
    let contentType: String
    /// The ETag it had when it was backed up.
    let etag: String?
    let uid: String?
    let target: RestoreTarget
    let kind: DAVCollectionKind
}

/// Stores objects, one request each, never over something that should stay.
struct ObjectWriter: Sendable {
    enum Outcome: Sendable {
        /// Stored; to be read back from this address.
        case stored(DAVURL)
        /// The same object is there already.
        case present
        /// Another object has its name or its UID, and the mode says to leave that alone.
        case kept
        case failed(String)
    }

    let client: DAVClient

    func write(_ upload: Upload) async throws -> Outcome {
        do {
            if let existing = upload.target.existing[upload.url.resourceKey] {
                return try await replace(upload, at: existing.url, etag: existing.etag)
            }
            try await client.put(upload.url, upload.bytes, contentType: upload.contentType, condition: .absent)
            return .stored(upload.url)
        } catch let error as DAVClientError {
            if ObjectFetcher.isFatal(error) { throw error }
            do {
                return try await recover(upload, error)
            } catch let second as DAVClientError {
                if ObjectFetcher.isFatal(second) { throw second }
                return .failed(second.description)
            }
        }
    }

    /// The name is in use.
    private func replace(_ upload: Upload, at url: DAVURL, etag: String?) async throws -> Outcome {
        // The very state that was backed up is still there.
        if let etag, !etag.hasPrefix("W/"), etag == upload.etag { return .present }
        let current = try await client.get(url)
        if case .identical = Fidelity(sent: upload.bytes, stored: current.bytes, kind: upload.kind) { return .present }
        switch upload.target.mode {
        case .merge: return .kept
        case .new: return .failed("Another object is already stored as \(url.lastSegment).")
        case .overwrite:
            guard let etag = current.etag ?? etag else {
                return .failed("\(url) has no ETag, so that it cannot be replaced safely.")
            }
            try await client.put(
                url, upload.bytes, contentType: upload.contentType, condition: .matching(etag: etag))
            return .stored(url)
        }
    }

    private func recover(_ upload: Upload, _ error: DAVClientError) async throws -> Outcome {
        if error.code == .preconditionFailed {
            // Either somebody was faster, or our own first try arrived and only its answer was lost.
            return try await replace(upload, at: upload.url, etag: nil)
        }
        guard let condition = error.condition, condition.name.local == "no-uid-conflict" else {
            return .failed(error.description)
        }
        let uid = upload.uid ?? "the same UID"
        guard let holder = condition.first(.href).flatMap({ upload.url.resolving($0.trimmedText) }),
            client.allows(holder)
        else {
            return upload.target.mode == .merge
                ? .kept : .failed("The server has another object with UID \(uid), and does not say where.")
        }
        if upload.target.mode == .new {
            return .failed("UID \(uid) is already stored as \(holder.path); the server allows it only once.")
        }
        return try await replace(upload, at: holder, etag: nil)
    }
}
