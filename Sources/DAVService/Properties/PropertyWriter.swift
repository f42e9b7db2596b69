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
    /// Bytes that have been taken away to be sent.
    private var taken = 0
    /// The collection whose members are being written: nearly all have the same.
    private var parent: Parent?

    private struct Parent {
        let path: CollectionPath
        let href: String
        /// nil when members must be asked one by one.
        var template: MemberTemplate?
        /// Those with properties of their own.
        let special: [MemberName: [String: String]]
    }

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
        if case .member(let member, let view) = resource.content { return try write(member, in: view, extra: extra) }
        try checkSize()
        writeWhole(resource, href: context.href(resource), extra)
    }

    /// A member with its properties; what many members have in common is made once.
    /// - Throws: 507 when the answer becomes too large.
    mutating func write(
        _ member: Member, in view: any CollectionView, extra: [XMLName: ExtraValue] = [:]
    ) throws(DAVError) {
        try checkSize()
        if case .refused(let error)? = extra[.addressData] {
            return write(
                context.href(view.path.appending(member.name), isCollection: false), status: error.status,
                error: error.condition, description: error.reason)
        }
        if parent?.path != view.path { parent = makeParent(view, member) }
        guard parent?.template != nil, parent?.special.isEmpty == true || parent?.special[member.name] == nil,
            parent?.template?.extras.allSatisfy({ extra[$0] != nil }) == true
        else {
            let href = (parent?.href ?? "") + ResourcePath.encode(member.name.string)
            return writeWhole(context.resource(for: member, in: view), href: href, extra)
        }
        parent?.template?.write(member, extra: extra, to: &xml)
    }

    private func makeParent(_ view: any CollectionView, _ sample: Member) -> Parent {
        let href = context.href(view.path, isCollection: true)
        let properties = view.properties
        let scope = PropertyScope(resource: context.resource(for: sample, in: view), context: context)
        let template: MemberTemplate?
        // The properties of the sample must be those that all have.
        if properties.memberProperties[sample.name] != nil {
            template = nil
        } else {
            template =
                switch mode {
                case .listed(let wanted):
                    MemberTemplate(wanted, optional: 0, isMinimal: isMinimal, sample: scope, href: href)
                case .all(let including):
                    MemberTemplate(
                        Self.standard + including, optional: Self.standard.count, isMinimal: isMinimal, sample: scope,
                        href: href)
                case .names: nil
                }
        }
        return Parent(path: view.path, href: href, template: template, special: properties.memberProperties)
    }

    /// What `allprop` gives.
    private static let standard = PropertyRegistry.all.filter(\.isInAllprop).map { ($0.name, Optional($0)) }

    private func checkSize() throws(DAVError) {
        guard taken + xml.pendingCount <= context.options.maxAnswerSize else {
            throw DAVError(
                .insufficientStorage, .numberOfMatchesWithinLimits,
                "The answer would be larger than \(context.options.maxAnswerSize) bytes; ask for less at once.")
        }
    }

    private mutating func writeWhole(_ resource: Resource, href: String, _ extra: [XMLName: ExtraValue]) {
        xml.begin(href)
        let scope = PropertyScope(resource: resource, context: context)
        switch mode {
        case .listed(let properties): write(properties, scope, extra)
        case .all(let including):
            let standard = Self.standard
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

    /// How much has been written and not taken, in bytes.
    var pendingCount: Int { xml.pendingCount }

    /// What has been written so far, to be sent; it is forgotten here.
    mutating func take() -> [UInt8] {
        taken += xml.pendingCount
        return xml.take()
    }
}

/// A value that a report gives: bytes that are written as text, as they are stored.
enum ExtraValue: Sendable {
    case bytes([UInt8])
    /// The same, escaped for XML already.
    case escaped([UInt8])
    /// The resource cannot be given as it is asked for: the answer about it is this.
    case refused(DAVError)

    func write(_ name: XMLName, _ xml: inout XMLWriter) {
        xml.start(name)
        switch self {
        case .bytes(let bytes): xml.text(bytes)
        case .escaped(let bytes): xml.append { $0 += bytes }
        case .refused: break
        }
        xml.end()
    }
}

extension Resource {
    /// Properties that the server only keeps for its clients, as XML by Clark name.
    var deadProperties: [String: String] {
        switch content {
        case .directory(let view): view.settings.deadProperties
        case .collection(let view): view.properties.deadProperties
        case .member(let member, let view): view.properties.memberProperties[member.name] ?? [:]
        }
    }

    func deadProperty(_ name: XMLName) -> XMLElement? {
        guard let text = deadProperties[name.description] else { return nil }
        return try? XMLElement(parsing: Array(text.utf8))
    }
}
