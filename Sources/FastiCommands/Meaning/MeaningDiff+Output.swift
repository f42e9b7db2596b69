internal import BackupEngine
internal import ConnectorKit
internal import ObjectMeaning

extension MeaningDiff {
    /// The lines that people read, a heading for each collection.
    var lines: [String] {
        var lines: [String] = []
        let whole = Set(collections.filter { $0.change != .changed }.map(\.directory))
        for collection in collections {
            let name = "\(collection.noun) \"\(collection.title)\""
            let count = items.count { $0.directory == collection.directory && $0.change != .moved }
            switch collection.change {
            case .added: lines.append("+ \(name), \(Format.count(count, "object")) in it")
            case .removed: lines.append("- \(name), \(Format.count(count, "object")) in it")
            default: lines += collection.predicates.map { "~ \(name) \($0)" }
            }
        }
        var heading: BytePath?
        for item in items where !whole.contains(item.directory) || item.change == .moved {
            if heading != item.directory {
                lines.append(self.heading(item.directory))
                heading = item.directory
            }
            switch item.change {
            case .added: lines.append("  + \(item.object.title) (\(item.object.details))")
            case .removed: lines.append("  - \(item.object.title) (\(item.object.details))")
            case .changed, .moved: lines += item.sentences.map { "  ~ \($0)" }
            }
        }
        return lines.map { printable($0.utf8) }
    }

    var summary: String {
        func count(_ change: Change) -> Int { items.count { $0.change == change } }
        return "\(count(.added)) added, \(count(.removed)) removed, \(count(.changed)) changed, \(count(.moved)) moved"
    }

    var isEmpty: Bool { items.isEmpty && collections.isEmpty && others.isEmpty }

    var objectsJSON: JSONValue {
        .array(
            items.map { item in
                [
                    "directory": .path(item.directory.bytes), "path": .path(item.path.bytes),
                    "pathBytes": .rawBytes(item.path.bytes), "change": .string(item.change.rawValue),
                    "uid": .optional(item.object.uid), "title": .string(item.object.title),
                    "noun": .string(item.object.noun), "when": .optional(item.object.when),
                    "recurrence": .optional(item.object.recurrence), "sentences": .strings(item.sentences),
                ]
            })
    }

    var collectionsJSON: JSONValue {
        .array(
            collections.map { collection in
                [
                    "directory": .path(collection.directory.bytes), "title": .string(collection.title),
                    "noun": .string(collection.noun), "change": .string(collection.change.rawValue),
                    "sentences": .strings(collection.predicates.map { "\"\(collection.title)\" \($0)" }),
                ]
            })
    }
}
