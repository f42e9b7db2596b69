/// The sections of the metadata file that Xandikos does not have, and leaves as they are: properties without meaning to
/// the server, of the collection and of its members, and who else may use it.
extension CollectionMetadata {
    private static let memberSection = "member-properties"
    private static let accessSection = "access"

    mutating func readOwnSections(of file: INIFile) {
        properties.deadProperties = DeadPropertyText.read(file)
        for key in file.keys(in: Self.memberSection) {
            guard let text = file[Self.memberSection, key], let space = text.firstIndex(of: " "),
                let member = DeadPropertyText.decodeName(text[..<space]),
                let (name, xml) = DeadPropertyText.decode(String(text[text.index(after: space)...]))
            else { continue }
            properties.memberProperties[member, default: [:]][name] = xml
        }
        for key in file.keys(in: Self.accessSection) {
            if let text = file[Self.accessSection, key], let grant = AccessGrant(text: text) {
                properties.grants.append(grant)
            }
        }
    }

    /// Writes the sections that differ from `before`.
    func updateOwnSections(of file: inout INIFile, from before: CollectionProperties) {
        if properties.deadProperties != before.deadProperties {
            DeadPropertyText.write(properties.deadProperties, to: &file)
        }
        if properties.memberProperties != before.memberProperties {
            var lines: [String] = []
            for (member, values) in properties.memberProperties.sorted(by: { $0.key < $1.key }) {
                let name = DeadPropertyText.encodeName(member)
                lines += values.sorted { $0.key < $1.key }.map {
                    name + " " + DeadPropertyText.encode($0.key, $0.value)
                }
            }
            file.replace(Self.memberSection, "property", lines)
        }
        if properties.grants != before.grants {
            file.replace(Self.accessSection, "grant", properties.grants.map(\.text))
        }
    }

    /// Lines for the commit.
    func ownChanges(from before: CollectionProperties) -> [String] {
        var lines: [String] = []
        if properties.deadProperties != before.deadProperties { lines.append("Set other properties.") }
        if properties.memberProperties != before.memberProperties { lines.append("Set properties of members.") }
        if properties.grants != before.grants { lines.append("Set access rights.") }
        return lines
    }
}
