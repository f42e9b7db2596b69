import HTTPTypes
import XMLStream

/// Follows the elements of a multistatus by their depth: 1 is the root, 2 a response, 3 what is in it, 4 what is in a
/// propstat, 5 a property, 6 what is in that.
final class MemberMultistatusHandler: XMLEventHandler {
    private(set) var responses: [MemberResponse] = []
    private(set) var syncToken: String?
    private(set) var isTruncated = false

    private var depth = 0
    /// Where each open element leads, down to the one that matters last.
    private var section = Section.none
    private var part = Part.none
    private var property = Property.none
    /// Depth and text of the element whose text is wanted; of what is inside it, nothing is.
    private var textDepth = 0
    private var text: [UInt8] = []

    private var response = Response()
    private var propstat = Propstat()
    /// Most members of a collection have the same.
    private var lastContentType = ""

    private enum Section { case none, response, syncToken }
    private enum Part { case none, href, status, propstat, prop, propstatStatus }
    private enum Property { case none, resourcetype, etag, contentType, contentLength, lastModified, data }

    private struct Response {
        var hrefs: [String] = []
        var status: Int?
        var hasPropstat = false
        var properties = MemberResponse.Properties()
        var hasProperties = false
        var lacksProperties = false
    }

    private struct Propstat {
        var status: Int?
        var properties = MemberResponse.Properties()
        var hasProperties = false
    }

    /// References of one response; more than one stand beside a status only.
    private static let hrefLimit = 100_000

    func startElement(_ name: XMLName, attributes: [XMLAttribute]) throws {
        depth += 1
        switch depth {
        case 1:
            guard name == .multistatus else {
                throw XMLError(.unexpectedElement, "The document is no DAV:multistatus but \(name).")
            }
        case 2:
            section = name == .response ? .response : name == .syncToken ? .syncToken : .none
            if section == .response { response = Response() } else if section == .syncToken { wantText() }
        case 3: if section == .response { startPart(name) }
        case 4: if part == .propstat { startPropstatPart(name) }
        case 5: if part == .prop { startProperty(name) }
        case 6: if property == .resourcetype, name == .collection { propstat.properties.isCollection = true }
        default: break
        }
    }

    private func startPart(_ name: XMLName) {
        if name == .href {
            part = .href
            wantText()
        } else if name == .propstat {
            part = .propstat
            response.hasPropstat = true
            propstat = Propstat()
        } else if name == .status {
            part = .status
            wantText()
        }
    }

    private func startPropstatPart(_ name: XMLName) {
        if name == .prop {
            part = .prop
        } else if name == .status {
            part = .propstatStatus
            wantText()
        }
    }

    private func startProperty(_ name: XMLName) {
        propstat.hasProperties = true
        if name == .getetag {
            property = .etag
        } else if name == .calendarData || name == .addressData {
            property = .data
        } else if name == .resourcetype {
            property = .resourcetype
        } else if name == .getcontenttype {
            property = .contentType
        } else if name == .getcontentlength {
            property = .contentLength
        } else if name == .getlastmodified {
            property = .lastModified
        }
        if property != .none, property != .resourcetype { wantText() }
    }

    private func wantText() {
        textDepth = depth
        text.removeAll(keepingCapacity: true)
    }

    func text(_ piece: Span<UInt8>) {
        guard depth == textDepth else { return }
        piece.withUnsafeBufferPointer { text.append(contentsOf: $0) }
    }

    func endElement(_ name: XMLName) throws {
        defer { depth -= 1 }
        if depth == textDepth { textDepth = 0 }
        switch depth {
        case 2:
            if section == .response { try endResponse() } else if section == .syncToken { syncToken = trimmedText }
            section = .none
        case 3: if section == .response { try endPart() }
        case 4:
            if part == .propstatStatus { propstat.status = try HTTPResponse.Status.code(ofLine: text[...]) }
            if part == .propstatStatus || part == .prop { part = .propstat }
        case 5: if part == .prop { endProperty() }
        default: break
        }
    }

    private func endProperty() {
        switch property {
        case .none, .resourcetype: break
        case .etag: propstat.properties.etag = propstat.properties.etag ?? value
        case .contentType: propstat.properties.contentType = propstat.properties.contentType ?? contentType
        case .contentLength:
            propstat.properties.contentLength = propstat.properties.contentLength ?? value.flatMap(Int.init)
        case .lastModified:
            propstat.properties.lastModified =
                propstat.properties.lastModified ?? HTTPDate.parse(XMLElement.trimmed(text[...]))
        case .data:
            if propstat.properties.data == nil { propstat.properties.data = text }
            text = []
        }
        property = .none
    }

    private func endPart() throws {
        defer { part = .none }
        switch part {
        case .href:
            guard response.hrefs.count < Self.hrefLimit else {
                throw XMLError(.limitExceeded, "A DAV:response has more than \(Self.hrefLimit) references.")
            }
            response.hrefs.append(trimmedText)
        case .status: response.status = try HTTPResponse.Status.code(ofLine: text[...])
        case .propstat: try endPropstat()
        default: break
        }
    }

    private func endPropstat() throws {
        guard let status = propstat.status else {
            throw XMLError(.unexpectedElement, "A DAV:propstat has no DAV:status.")
        }
        if (200..<300).contains(status) {
            if response.hasProperties {
                response.properties.fill(propstat.properties)
            } else {
                response.properties = propstat.properties
            }
            response.hasProperties = response.hasProperties || propstat.hasProperties
        } else if status == 404, propstat.hasProperties {
            response.lacksProperties = true
        }
    }

    private func endResponse() throws {
        guard let first = response.hrefs.first, !first.isEmpty else {
            throw XMLError(.unexpectedElement, "A DAV:response has no DAV:href.")
        }
        guard response.status != nil || response.hasPropstat else {
            throw XMLError(.unexpectedElement, "The DAV:response for \(first) has neither status nor propstat.")
        }
        guard response.status != 507 else {
            isTruncated = true
            return
        }
        for href in response.hrefs {
            var member = MemberResponse(href: href)
            member.status = response.status
            member.properties = response.properties
            member.lacksEverything = !response.hasProperties && response.lacksProperties
            responses.append(member)
        }
    }

    // MARK: Text

    /// nil when it is empty.
    private var value: String? {
        let text = trimmedText
        return text.isEmpty ? nil : text
    }

    private var trimmedText: String { String(decoding: XMLElement.trimmed(text[...]), as: UTF8.self) }

    private var contentType: String? {
        let trimmed = XMLElement.trimmed(text[...])
        if !trimmed.elementsEqual(lastContentType.utf8) { lastContentType = String(decoding: trimmed, as: UTF8.self) }
        return lastContentType.isEmpty ? nil : lastContentType
    }
}

extension MemberResponse.Properties {
    /// Takes what is not there yet.
    fileprivate mutating func fill(_ other: Self) {
        isCollection = isCollection || other.isCollection
        etag = etag ?? other.etag
        contentType = contentType ?? other.contentType
        contentLength = contentLength ?? other.contentLength
        lastModified = lastModified ?? other.lastModified
        data = data ?? other.data
    }
}
