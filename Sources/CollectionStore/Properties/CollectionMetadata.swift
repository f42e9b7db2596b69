import GitObjects

/// Type and properties of a collection, and where its repository keeps them.
struct CollectionMetadata: Sendable {
    /// nil when nothing says it; it is guessed from the members then.
    var type: CollectionType?
    var properties: CollectionProperties
    var place: Place

    /// The first place found counts; new collections use the file.
    enum Place: Hashable, Sendable {
        /// `.git/config`, section `xandikos`: the oldest way. The description is in `.git/description`.
        case gitConfig
        /// The committed file `.xandikos`.
        case file
        /// The committed file `.xandikos/config`: after availability has been set.
        case directory
    }

    static let fileName = ".xandikos"
    static let directoryFileName = "config"
    /// Beside `config`: the availability, where Xandikos keeps it.
    static let availabilityFileName = "availability.ics"

    /// The name in the index and below the work tree.
    var indexName: String { place == .directory ? "\(Self.fileName)/\(Self.directoryFileName)" : Self.fileName }
}

// MARK: - The metadata file

extension CollectionMetadata {
    private static let calendarSection = "calendar"

    private typealias Field = (key: String, property: WritableKeyPath<CollectionProperties, String?>, message: String)

    /// Options of the `DEFAULT` section, in the order new files have them. Computed, as key paths are not Sendable.
    private static var fields: [Field] {
        [
            ("displayname", \.displayName, "Set display name."),
            ("description", \.description, "Set description."),
            ("color", \.color, "Set color."),
            ("comment", \.comment, "Set comment."),
            ("source", \.source, "Set source URL."),
            ("refreshrate", \.refreshRate, "Set refresh rate."),
            ("timezone", \.timeZone, "Set timezone."),
            ("timezone-id", \.timeZoneID, "Set timezone id."),
            ("resource-id", \.resourceID, "Set resource-id."),
            ("availability", \.availability, "Set availability."),
        ]
    }

    init(file: INIFile, place: Place) {
        type = file[INIFile.defaultSection, "type"].flatMap { CollectionType(rawValue: $0) }
        properties = CollectionProperties()
        for field in Self.fields { properties[keyPath: field.property] = file[INIFile.defaultSection, field.key] }
        properties.timeZone = properties.timeZone.map(Self.withNetworkLineEnds)
        properties.availability = properties.availability.map(Self.withNetworkLineEnds)
        properties.order = file[Self.calendarSection, "order"]
        properties.supportedComponents = file[Self.calendarSection, "supported-components"].map(Self.list)
        self.place = place
        readOwnSections(of: file)
    }

    /// Writes what differs from `old` into the file, so that everything else in it stays.
    func update(_ file: inout INIFile, from old: CollectionMetadata?) {
        if let type, type != old?.type { file.set(INIFile.defaultSection, "type", to: type.rawValue) }
        let before = old?.properties ?? CollectionProperties()
        for field in Self.fields where properties[keyPath: field.property] != before[keyPath: field.property] {
            let value = properties[keyPath: field.property]
            let isCalendarData = field.key == "timezone" || field.key == "availability"
            file.set(INIFile.defaultSection, field.key, to: isCalendarData ? value.map(Self.unfolded) : value)
        }
        if properties.order != before.order { file.set(Self.calendarSection, "order", to: properties.order) }
        if properties.supportedComponents != before.supportedComponents {
            file.set(
                Self.calendarSection, "supported-components",
                to: properties.supportedComponents?.joined(separator: ","))
        }
        updateOwnSections(of: &file, from: before)
    }

    /// Lines for the commit, in Xandikos's words.
    func changes(from old: CollectionMetadata?) -> [String] {
        var lines: [String] = []
        if type != old?.type { lines.append("Set collection type.") }
        let before = old?.properties ?? CollectionProperties()
        for field in Self.fields where properties[keyPath: field.property] != before[keyPath: field.property] {
            lines.append(field.message)
        }
        if properties.order != before.order { lines.append("Set calendar order.") }
        if properties.supportedComponents != before.supportedComponents {
            lines.append("Set supported calendar components.")
        }
        return lines + ownChanges(from: before)
    }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\n" && $0 != "\t" }.uppercased() }
            .filter { !$0.isEmpty }
    }

    /// The file has LF; calendar data has CRLF.
    private static func withNetworkLineEnds(_ text: String) -> String {
        let lines = text.split(omittingEmptySubsequences: true) { $0 == "\n" || $0 == "\r\n" }
        return lines.map { $0 + "\r\n" }.joined()
    }

    /// The file's syntax eats the space at the beginning of a folded line, so it gets whole lines.
    private static func unfolded(_ text: String) -> String {
        var lines: [String] = []
        for line in text.split(omittingEmptySubsequences: true, whereSeparator: { $0 == "\n" || $0 == "\r\n" }) {
            if line.first == " " || line.first == "\t", !lines.isEmpty {
                lines[lines.count - 1] += line.dropFirst()
            } else {
                lines.append(String(line))
            }
        }
        return lines.joined(separator: "\n")
    }
}

// MARK: - The repository's configuration

extension CollectionMetadata {
    static let configSection = "xandikos"

    private typealias ConfigKey = (key: String, property: WritableKeyPath<CollectionProperties, String?>)

    private static var configKeys: [ConfigKey] {
        [
            ("displayname", \.displayName), ("color", \.color), ("comment", \.comment), ("source", \.source),
            ("refreshrate", \.refreshRate), ("timezone", \.timeZone), ("timezone-id", \.timeZoneID),
            ("calendar-order", \.order), ("resource-id", \.resourceID),
        ]
    }

    /// What git writes into the description file of a new repository: not a description.
    private static let stockDescription = "Unnamed repository"

    init(config: GitConfig, description: String?) {
        type = config[Self.configSection, "type"].flatMap { CollectionType(rawValue: $0) }
        properties = CollectionProperties()
        for (key, property) in Self.configKeys {
            let value = config[Self.configSection, key]
            properties[keyPath: property] = value?.isEmpty == true ? nil : value
        }
        if let description, !description.isEmpty, !description.hasPrefix(Self.stockDescription) {
            properties.description = description
        }
        place = .gitConfig
    }

    func update(_ config: inout GitConfig) {
        if let type { config.set(Self.configSection, "type", to: type.rawValue) }
        for (key, property) in Self.configKeys {
            config.set(Self.configSection, key, to: properties[keyPath: property])
        }
    }

    /// Properties that have no home in the configuration.
    func checkConfigCanHold() throws(CollectionStoreError) {
        guard properties.supportedComponents == nil, properties.deadProperties.isEmpty,
            properties.memberProperties.isEmpty, properties.grants.isEmpty, properties.availability == nil
        else {
            throw CollectionStoreError(
                .invalidProperty,
                "This collection keeps its properties in its git configuration, which has no place for this one.")
        }
    }
}
