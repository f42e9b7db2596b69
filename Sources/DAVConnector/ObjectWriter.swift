import ConnectorKit
import DAVClient
import HTTPTypes
import WebDAV
import XMLStream

/// One object on its way to a server.
struct Upload: Sendable {
    /// In the snapshot.
    let path: BytePath
    let url: DAVURL
    /// What is sent.
    var bytes: [UInt8]
    /// As in the snapshot; differs from `bytes` where invitations are held back, and where attachments go elsewhere.
    let original: [UInt8]
    /// What to send in place of `bytes` when the server does not take an object with its attachments inside.
    var slimmer: [UInt8]?
    /// Whether invitations are held back in `bytes`.
    var isHeld = false
    /// The files that go beside it.
    var attachments: [AttachmentReturn.File] = []
    let contentType: String
    /// The ETag it had when it was backed up.
    let etag: String?
    let uid: String?
    /// event, task, contact
    let noun: String
    /// Its collection, as the index of a target.
    let target: Int
    let collection: DAVURL
    let policy: RestorePolicy
    let kind: DAVCollectionKind
    /// What is in its place, or has its UID.
    var existing: Member?
    /// The bytes of `existing`, once read.
    var current: ReadBack.Content?

    func fidelity(_ stored: [UInt8]) -> Fidelity {
        guard attachments.isEmpty else {
            // Where the files lie, and what they are called there, is for each server to say.
            let stored = ManagedAttachment.removed(from: stored)
            let kept = Fidelity(sent: ManagedAttachment.removed(from: original), stored: stored, kind: kind)
            return kept.keepsMeaning
                ? kept : Fidelity(sent: ManagedAttachment.removed(from: bytes), stored: stored, kind: kind)
        }
        let kept = Fidelity(sent: original, stored: stored, kind: kind)
        return kept.keepsMeaning || original == bytes ? kept : Fidelity(sent: bytes, stored: stored, kind: kind)
    }
}

/// Stores objects, one request each, never over something that should stay.
struct ObjectWriter: Sendable {
    enum Outcome: Sendable {
        /// Stored; to be read back from this address.
        case stored(DAVURL, replacing: Bool)
        /// The same object is there already.
        case present
        /// An earlier run of the same restore stored it, and this is what the server made of it.
        case made(Fidelity)
        /// Another object has its name or its UID, and the mode says to leave that alone.
        case kept
        case failed(String)
    }

    let client: DAVClient
    /// Says what would be done, and does not.
    let isRehearsal: Bool

    func write(_ upload: Upload) async throws -> Outcome {
        do {
            if let existing = upload.existing {
                return try await replace(upload, at: existing.url, etag: existing.etag)
            }
            guard !isRehearsal else { return .stored(upload.url, replacing: false) }
            try await client.put(upload.url, upload.bytes, contentType: upload.contentType, condition: .absent)
            return .stored(upload.url, replacing: false)
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

    /// The name, or the UID, is in use.
    private func replace(_ upload: Upload, at url: DAVURL, etag: String?) async throws -> Outcome {
        // The very state that was backed up is still there.
        if let etag, !etag.hasPrefix("W/"), etag == upload.etag, upload.existing != nil { return .present }
        let current: ReadBack.Content
        if let known = upload.current {
            current = known
        } else {
            current = try await client.object(url)
        }
        let fidelity = upload.fidelity(current.bytes)
        if fidelity.keepsMeaning { return .present }
        switch upload.policy {
        case .merge: return .kept
        case .resume: return .made(fidelity)
        case .new: return .failed("Another object is already stored as \(url.lastSegment).")
        case .overwrite, .exact:
            guard !isRehearsal else { return .stored(url, replacing: true) }
            guard let etag = current.etag ?? etag else {
                return .failed("\(url) has no ETag, so that it cannot be replaced safely.")
            }
            try await client.put(
                url, upload.bytes, contentType: upload.contentType, condition: .matching(etag: etag))
            return .stored(url, replacing: true)
        }
    }

    private func recover(_ upload: Upload, _ refusal: DAVClientError) async throws -> Outcome {
        if refusal.code == .preconditionFailed {
            // Either somebody was faster, or our own first try arrived and only its answer was lost.
            let url = upload.existing?.url ?? upload.url
            let now: ReadBack.Content
            do {
                now = try await client.object(url)
            } catch let second as DAVClientError {
                // Some say 412 for an object that they do not like.
                guard second.code == .notFound else { throw second }
                return .failed(refusal.description)
            }
            if upload.fidelity(now.bytes).keepsMeaning { return .stored(url, replacing: upload.existing != nil) }
            guard upload.existing == nil else {
                return .failed("Somebody changed it during the restore; run it again. (\(refusal.reason))")
            }
            var again = upload
            again.current = now
            return try await replace(again, at: url, etag: nil)
        }
        guard let conflict = UIDConflict(refusal, upload) else { return .failed(refusal.description) }
        guard let holder = try await holder(conflict, upload) else {
            return upload.policy == .merge ? .kept : .failed(conflict.reasonWithoutHolder)
        }
        guard holder.parent.isSameResource(as: upload.collection) else {
            return .failed(
                "UID \(conflict.uid) is already stored in another collection, as \(holder.path); "
                    + "the server allows it only once.")
        }
        guard upload.policy != .new, upload.policy != .resume else {
            return .failed("UID \(conflict.uid) is already stored as \(holder.path); the server allows it only once.")
        }
        var again = upload
        again.current = nil
        return try await replace(again, at: holder, etag: nil)
    }

    /// The object with the UID: as the server says it, else as a search finds it.
    private func holder(_ conflict: UIDConflict, _ upload: Upload) async throws -> DAVURL? {
        if let named = conflict.holder, client.allows(named) { return named }
        guard let uid = upload.uid else { return nil }
        do {
            // A search compares parts of a UID, so that each has to be looked at.
            for candidate in try await client.members(of: upload.collection, kind: upload.kind, uid: uid).prefix(16) {
                let object = try await client.get(candidate)
                if ObjectSummary(object.bytes, kind: upload.kind).uid == uid { return candidate }
            }
            return nil
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            return nil
        }
    }
}

/// A refusal because of the UID: by the precondition of RFC 4791, section 5.3.2.1, or of RFC 6638, section 3.2.4.1, or in the
/// words of servers that use neither.
private struct UIDConflict {
    let uid: String
    let holder: DAVURL?
    let reasonWithoutHolder: String

    private static let conditions: Set<String> = ["no-uid-conflict", "unique-scheduling-object-resource"]

    init?(_ error: DAVClientError, _ upload: Upload) {
        let isNamed = error.condition.map { Self.conditions.contains($0.name.local) } ?? false
        let words = error.reason.lowercased()
        let isSaid = words.contains("uid") && (words.contains("exist") || words.contains("already"))
        guard isNamed || isSaid, [400, 403, 409, 412, 500].contains(error.status?.code) else { return nil }
        uid = upload.uid ?? "of this object"
        holder = isNamed ? error.condition?.first(.href).flatMap { upload.url.resolving($0.trimmedText) } : nil
        reasonWithoutHolder =
            "The server has another object with UID \(uid), and does not show it. It may lie in the calendar's trash "
            + "bin: put it back or delete it for good there, then restore again. (\(error.reason))"
    }
}
