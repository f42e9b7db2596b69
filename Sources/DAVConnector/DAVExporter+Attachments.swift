import ConnectorKit
import DAVClient

/// An object as it is sent, with its attachments on their way.
struct AttachedObject: Sendable {
    var bytes: [UInt8]
    /// The object without the files inside, for servers that find it too large with them.
    var slimmer: [UInt8]?
    /// What goes beside it once it is there.
    var files: [AttachmentReturn.File] = []
}

/// What became of files that the old server kept beside events. They are counted once for each event that has them.
struct AttachmentTally: Sendable {
    /// The new server keeps them beside the events.
    var returned = 0
    /// They are part of the events now.
    var inlined = 0
    /// They are in the snapshot only, since no event could take them.
    var stayed = 0
    /// The same, as the user wants it.
    var left = 0
    /// Others are there under their names, which the mode leaves.
    var kept = 0
    /// Among those that are beside the events: how many could not be compared, and the hosts that were not asked.
    var unproved = 0
    var hosts: Set<String> = []
    /// They are not even in the snapshot.
    var unknown = 0

    func events(isRehearsal: Bool) -> [ConnectorEvent] {
        let verb = isRehearsal ? "would go" : "went"
        var events: [ConnectorEvent] = []
        if returned > 0 {
            events.append(.note("\(counted(returned, "attached file")) \(verb) back beside the events."))
        }
        if inlined > 0 {
            events.append(
                .note(
                    "\(counted(inlined, "attached file")) \(verb) into the events, since the server keeps none beside "
                        + "them; attachments=keep leaves the old addresses."))
        }
        if left > 0 {
            events.append(
                .note("\(counted(left, "attached file")) stayed in the snapshot, with the old addresses in the events.")
            )
        }
        if stayed > 0 {
            events.append(
                .incomplete(
                    "\(counted(stayed, "attached file")) stayed in the snapshot: too large to be part of an event. The "
                        + "events still name where they were on the old server. \"restore\" to a folder gives them back, "
                        + "in attachments/."))
        }
        if kept > 0 {
            events.append(
                .warning(
                    "\(counted(kept, "attached file")) \(kept == 1 ? "exists" : "exist") with other contents and "
                        + "\(kept == 1 ? "was" : "were") left; mode=overwrite replaces."))
        }
        if unproved > 0, let host = hosts.min() {
            events.append(
                .warning(
                    "\(counted(unproved, "attached file")) could not be read back and compared: the server keeps "
                        + "\(unproved == 1 ? "it" : "them") at \(host), which does not get the password; "
                        + "trusted_hosts=\(host) says that it may."))
        }
        if unknown > 0 {
            events.append(
                .warning(
                    "\(counted(unknown, "attached file")) of the old server \(unknown == 1 ? "is" : "are") not in what is "
                        + "restored; the events keep the old addresses. A restore of the whole snapshot has all that were "
                        + "backed up."))
        }
        return events
    }
}

extension DAVExporter {
    /// An object with what is to become of its attachments.
    func withAttachments(_ bytes: [UInt8], _ summary: ObjectSummary) async throws -> AttachedObject {
        guard let attachments, !summary.attachments.isEmpty else { return AttachedObject(bytes: bytes) }
        let files = attachments.files(of: summary, bytes)
        attachmentTally.unknown += Set(summary.attachments.map(\.id)).count - files.count
        guard !files.isEmpty else { return AttachedObject(bytes: bytes) }
        switch attachments.way {
        case .keep:
            attachmentTally.left += files.count
            return AttachedObject(bytes: bytes)
        case .managed:
            let known = Set(files.map(\.attachment.id))
            let bare = ManagedAttachment.rewritten(bytes) { known.contains($1.id) ? .dropped : .kept }
            return AttachedObject(bytes: bare, files: files)
        case .inline:
            guard attachments.size(files) <= AttachmentReturn.inlineLimit,
                let whole = try? await attachments.inlined(bytes, files)
            else {
                attachmentTally.stayed += files.count
                return AttachedObject(bytes: bytes)
            }
            attachmentTally.inlined += files.count
            return AttachedObject(bytes: whole, slimmer: bytes)
        }
    }

    /// Sends objects without the files inside that the server did not take with them.
    func slimDown(_ sent: inout BatchWriter.Sent, _ writer: BatchWriter) async throws {
        let heavy = sent.indices.filter { index in
            guard case .failed = sent[index].outcome else { return false }
            return sent[index].upload.slimmer != nil
        }
        guard !heavy.isEmpty else { return }
        for index in heavy {
            if let slimmer = sent[index].upload.slimmer { sent[index].upload.bytes = slimmer }
        }
        for (index, answer) in zip(heavy, try await writer.send(heavy.map { sent[$0].upload })) {
            sent[index] = answer
            let original = answer.upload.original
            let count = Set(ObjectSummary(original, kind: .calendar).attachments.map(\.id)).count
            attachmentTally.inlined -= min(count, attachmentTally.inlined)
            if case .failed = answer.outcome { continue }
            attachmentTally.stayed += count
        }
    }

    /// Gives the objects that are there now their files, as far as they lack them.
    func returnAttachments(_ sent: BatchWriter.Sent) async throws {
        for (upload, outcome) in sent where !upload.attachments.isEmpty {
            let url: DAVURL
            switch outcome {
            case .stored(let place, _): url = place
            // Without `current` it has the ETag that it was backed up with: it has its files as well.
            case .present where upload.current != nil, .made: url = upload.existing?.url ?? upload.url
            case .present, .kept, .failed: continue
            }
            guard !context.isRehearsal else {
                attachmentTally.returned += upload.attachments.count
                continue
            }
            try await giveBack(upload, to: url)
        }
    }

    private func giveBack(_ upload: Upload, to url: DAVURL) async throws {
        let files = upload.attachments
        do {
            let there = try await client.object(url).bytes
            var reasons: [BytePath: String] = [:]
            let missing = AttachmentReturn.missing(files, in: there)
            var replaced: [AttachmentReturn.File] = []
            let present = files.filter { file in !missing.contains { $0.path == file.path } }
            for (file, verdict) in zip(present, try await prove(present, in: there, at: url)) {
                guard case .differs(let other, _) = verdict else {
                    if case .unknown(let reason) = verdict {
                        failures.append(ExportFailure(path: file.path, reason: reason))
                    }
                    continue
                }
                guard upload.policy != .merge else {
                    attachmentTally.kept += 1
                    continue
                }
                replaced.append(file)
                reasons[file.path] = try await add(file, to: url, inPlaceOf: other.id)
            }
            for file in missing { reasons[file.path] = try await add(file, to: url) }
            let sent = missing + replaced
            guard !sent.isEmpty else { return }
            // An answer of success is a promise, and a lost one no refusal: this is the proof.
            let stored = try await client.object(url)
            let lost = AttachmentReturn.missing(sent, in: stored.bytes)
            let named = sent.filter { file in !lost.contains { $0.path == file.path } }
            for (file, verdict) in zip(named, try await prove(named, in: stored.bytes, at: url)) {
                switch verdict {
                case .same: attachmentTally.returned += 1
                case .elsewhere(let host):
                    attachmentTally.returned += 1
                    attachmentTally.unproved += 1
                    attachmentTally.hosts.insert(host)
                case .differs(_, let size):
                    let reason =
                        reasons[file.path]
                        ?? "The server took it, but gives back something else for \(url.path): "
                        + "\(counted(size, "byte")) of other contents."
                    failures.append(ExportFailure(path: file.path, reason: reason))
                case .unknown(let reason): failures.append(ExportFailure(path: file.path, reason: reason))
                }
            }
            if lost.isEmpty, files.contains(where: \.isPartial), let etag = stored.etag {
                let placed = AttachmentReturn.placed(files, of: upload.original, as: stored.bytes)
                try await client.put(
                    url, upload.isHeld ? SchedulingHold.applied(to: placed) : placed, contentType: upload.contentType,
                    condition: .matching(etag: etag))
            }
            for file in lost {
                let reason = reasons[file.path] ?? "The server took it, but \(url.path) does not name it."
                failures.append(ExportFailure(path: file.path, reason: reason))
            }
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            failures += files.map {
                ExportFailure(path: $0.path, reason: "It is not known whether it is beside \(url.path): \(error)")
            }
        }
    }

    private func prove(
        _ files: [AttachmentReturn.File], in stored: [UInt8], at url: DAVURL
    ) async throws -> [AttachmentProof.Verdict] {
        guard let attachments, !files.isEmpty else { return [] }
        var expected: [(file: AttachmentReturn.File, content: AttachmentProof.Content)] = []
        for file in files {
            let bytes = try await attachments.bytes(file, limit: client.options.limits.object)
            expected.append((file, AttachmentProof.Content(bytes)))
        }
        return try await AttachmentProof(client: client).verdicts(expected, in: stored, at: url)
    }

    /// Looks at the bytes of files inside an object that the server did not store as it was sent.
    func proved(_ result: BatchWriter.Result, of upload: Upload) async throws -> BatchWriter.Result {
        let fidelity: Fidelity
        switch result {
        case .added(let known?), .replaced(let known?), .made(let known): fidelity = known
        default: return result
        }
        guard case .changed(let changes) = fidelity,
            changes.isEmpty || changes.contains(where: { $0.property.hasSuffix("ATTACH") })
        else { return result }
        do {
            let url = upload.existing?.url ?? upload.url
            let lost = try await AttachmentProof(client: client).lost(from: upload.bytes, at: url)
            guard lost > 0 else { return result }
            let files = counted(lost, "attached file")
            if upload.slimmer != nil { attachmentTally.inlined -= min(lost, attachmentTally.inlined) }
            return .failed(
                "The server took it, but did not keep \(files) in it as \(lost == 1 ? "it was" : "they were").")
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) {
            return .failed("It is not known whether the server kept what is attached to it: \(error)")
        }
    }

    /// - Parameter id: of the file that it replaces; nil for one more.
    /// - Returns: why not; nil when the server took it.
    private func add(
        _ file: AttachmentReturn.File, to url: DAVURL, inPlaceOf id: String? = nil
    ) async throws -> String? {
        let attachment = file.attachment
        do {
            let bytes = try await attachments?.bytes(file, limit: client.options.limits.object) ?? []
            try await client.addAttachment(
                bytes, named: attachment.name ?? "attachment",
                contentType: attachment.type ?? "application/octet-stream", to: url, inPlaceOf: id)
            return nil
        } catch let error as DAVClientError where !ObjectFetcher.isFatal(error) || error.code == .unavailable {
            return "\(error)"
        } catch let error as ConnectorError {
            return error.reason
        }
    }
}
