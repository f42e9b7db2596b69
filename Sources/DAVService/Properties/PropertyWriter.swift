import CollectionStore
import HTTPTypes
import WebDAV
import XMLStream

/// Writes the responses that a selection of properties asks for, one resource after the other.
///
/// What can be looked up once is looked up here, so that a member costs only its values.
struct PropertyWriter {
    private enum Mode {
        case listed([(name: XMLName, property: LiveProperty?)])
        case all(including: [(name: XMLName, property: LiveProperty?)])
        case names
    }

    private let mode: Mode
    private let context: DAVContext
    private let isMinimal: Bool
    private var xml = MultistatusWriter()
    /// The collection whose members are being written, and its href: nearly all have the same.
    private var parent: (path: CollectionPath, href: String)?

    init(_ selection: PropertySelection, context: DAVContext) {
        func lookUp(_ elements: [XMLElement]) -> [(name: XMLName, property: LiveProperty?)] {
            elements.map { ($0.name, PropertyRegistry.byName[$0.name]) }
        }
        mode =
            switch selection {
            case .all(let including): .all(including: lookUp(including))
            case .names: .names
            case .listed(let elements): .listed(lookUp(elements))
            }
        self.context = context
        isMinimal = context.preferences.isMinimal
    }

    /// A resource with its properties.
    /// - Parameter extra: values that only a report can give, by name, such as `calendar-data`.
    /// - Throws: 507 when the answer becomes too large.
    mutating func write(_ resource: Resource, extra: [XMLName: ExtraValue] = [:]) throws(DAVError) {
        guard xml.pendingCount <= context.options.maxAnswerSize else {
            throw DAVError(
                .insufficientStorage, .numberOfMatchesWithinLimits,
                "The answer would be larger than \(context.options.maxAnswerSize) bytes; ask for less at once.")
        }
        xml.begin(href(resource))
        let scope = PropertyScope(resource: resource, context: context)
        switch mode {
        case .listed(let properties): write(properties, scope, extra)
        case .all(let including):
            let standard = PropertyRegistry.all.filter(\.isInAllprop).map { ($0.name, Optional($0)) }
            write(standard + dead(resource) + including, scope, extra, skipMissing: standard.count)
        case .names:
            let live = PropertyRegistry.all.filter { $0.value(scope) != nil }.map(\.name)
            let names = live + dead(resource).map(\.name)
            xml.propstat(.ok) { xml in
                for name in names { xml.empty(name) }
            }
        }
        xml.end()
    }

    private mutating func write(
        _ properties: [(name: XMLName, property: LiveProperty?)], _ scope: PropertyScope,
        _ extra: [XMLName: ExtraValue], skipMissing optional: Int = 0
    ) {
        var missing: [XMLName] = []
        var written = 0
        xml.propstat(.ok) { xml in
            for (index, (name, property)) in properties.enumerated() {
                if let value = property?.value(scope) {
                    value.write(name, to: &xml)
                } else if let value = extra[name] {
                    value.write(name, &xml)
                } else if let value = scope.resource.deadProperty(name) {
                    xml.element(value)
                } else {
                    if index >= optional { missing.append(name) }
                    continue
                }
                written += 1
            }
        }
        guard !missing.isEmpty, !isMinimal else { return }
        xml.propstat(.notFound) { xml in
            for name in missing { xml.empty(name) }
        }
    }

    private mutating func href(_ resource: Resource) -> String {
        guard case .member(let member, let view) = resource.content else { return context.href(resource) }
        let collection: String
        if let parent, parent.path == view.path {
            collection = parent.href
        } else {
            collection = context.href(view.path, isCollection: true)
            parent = (view.path, collection)
        }
        return collection + ResourcePath.encode(member.name.string)
    }

    private func dead(_ resource: Resource) -> [(name: XMLName, property: LiveProperty?)] {
        resource.deadProperties.keys.sorted().compactMap { clark in
            XMLName(clark: clark).flatMap { name in
                PropertyRegistry.byName[name]?.isInAllprop == true ? nil : (name, nil)
            }
        }
    }

    /// A resource that has only a status.
    mutating func write(
        _ href: String, status: HTTPResponse.Status, error: XMLElement? = nil, description: String? = nil
    ) {
        xml.response(href, status: status, error: error, description: description)
    }

    mutating func finish(syncToken: String? = nil) -> [UInt8] { xml.finish(syncToken: syncToken) }
}

/// A value that a report gives: bytes that are written as text, as they are stored.
enum ExtraValue: Sendable {
    case bytes([UInt8])

    func write(_ name: XMLName, _ xml: inout XMLWriter) {
        switch self {
        case .bytes(let bytes):
            xml.start(name)
            xml.text(bytes)
            xml.end()
        }
    }
}

extension Resource {
    /// Properties that the server only keeps for its clients, as XML by Clark name.
    var deadProperties: [String: String] {
        switch content {
        case .directory: [:]
        case .collection(let view): view.properties.deadProperties
        case .member(let member, let view): view.properties.memberProperties[member.name] ?? [:]
        }
    }

    func deadProperty(_ name: XMLName) -> XMLElement? {
        guard let text = deadProperties[name.description] else { return nil }
        return try? XMLElement(parsing: Array(text.utf8))
    }
}
