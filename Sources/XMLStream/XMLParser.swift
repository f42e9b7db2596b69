import CExpat
import Glibc

/// Receives the events of a document in order. A thrown error stops the parser, which passes it on.
package protocol XMLEventHandler {
    mutating func startElement(_ name: XMLName, attributes: [XMLAttribute]) throws
    mutating func endElement(_ name: XMLName) throws
    /// A piece of character data, UTF-8. One text may come in several pieces.
    mutating func text(_ text: Span<UInt8>) throws
}

/// A streaming XML parser with namespaces over expat: bytes go in as they come, events go to the handler.
///
/// Documents with a DOCTYPE are refused where it begins, so that no entity is ever declared or fetched; comments and
/// processing instructions are skipped. UTF-8 and UTF-16 are read, events are UTF-8. After an error the parser is
/// spent: feeding it again throws the same error.
package final class XMLParser {
    private let core: XMLParserCore

    package init(handler: any XMLEventHandler, limits: XMLLimits) throws(XMLError) {
        core = try XMLParserCore(handler: handler, limits: limits)
    }

    /// The handler with what it has gathered so far.
    package var handler: any XMLEventHandler { core.handler }

    /// Parses the next bytes of the document.
    /// - Throws: `XMLError`, or what the handler threw.
    package func feed(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBufferPointer { try core.feed($0, isFinal: false) }
    }

    /// Parses the next bytes of the document.
    /// - Throws: `XMLError`, or what the handler threw.
    package func feed(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        try core.feed(bytes, isFinal: false)
    }

    /// Says that the document ends here.
    /// - Throws: `XMLError.truncated` when it cannot end here.
    package func finish() throws {
        try core.feed(UnsafeBufferPointer(start: nil, count: 0), isFinal: true)
    }

    /// Parses a whole document and returns the handler.
    package static func parse<Handler: XMLEventHandler>(
        _ bytes: [UInt8], limits: XMLLimits, handler: Handler
    ) throws -> Handler {
        let parser = try XMLParser(handler: handler, limits: limits)
        try parser.feed(bytes)
        try parser.finish()
        guard let result = parser.handler as? Handler else { return handler }
        return result
    }
}

/// The object that expat's callbacks reach through their user data pointer. It is retained by its `XMLParser` during
/// every call into expat, which is the only time a callback runs.
final class XMLParserCore {
    var handler: any XMLEventHandler
    private let limits: XMLLimits
    private let expat: XML_Parser
    private let run: UnsafeMutablePointer<XMLTextRun>
    private var names: XMLNameTable
    /// Places in `names`.
    private var open: [Int] = []
    private var consumed = 0
    private var failure: (any Error)?

    /// expat takes lengths as C `int`; larger input is cut into pieces of this size.
    private static let piece = 1 << 20

    init(handler: any XMLEventHandler, limits: XMLLimits) throws(XMLError) {
        guard let expat = XML_ParserCreateNS(nil, XML_Char(XMLNameTable.separator)) else {
            throw XMLError(.outOfMemory, "No memory for an XML parser.")
        }
        self.handler = handler
        self.limits = limits
        self.expat = expat
        names = XMLNameTable(limit: limits.names)
        run = .allocate(capacity: 1)
        run.initialize(to: XMLTextRun(Unmanaged.passUnretained(self)))
        XML_SetUserData(expat, run)
        XML_SetElementHandler(
            expat,
            { run, name, attributes in XMLTextRun.core(run) { $0.startElement(name, attributes) } },
            { run, _ in XMLTextRun.core(run) { $0.endElement() } })
        XML_SetCharacterDataHandler(expat) { XMLTextRun.append($0, $1, Int($2)) }
        XML_SetStartDoctypeDeclHandler(expat) { run, _, _, _, _ in XMLTextRun.core(run) { $0.doctype() } }
    }

    deinit {
        XML_ParserFree(expat)
        run.pointee.free()
        run.deallocate()
    }

    func feed(_ bytes: UnsafeBufferPointer<UInt8>, isFinal: Bool) throws {
        if let failure { throw failure }
        guard bytes.count <= limits.bytes - consumed else {
            let error = located(.limitExceeded, "The XML document is longer than \(limits.bytes) bytes.")
            failure = error
            throw error
        }
        consumed += bytes.count
        var offset = 0
        repeat {
            let count = min(Self.piece, bytes.count - offset)
            let last = isFinal && offset + count == bytes.count
            let status = bytes.withMemoryRebound(to: CChar.self) { chars in
                XML_Parse(expat, chars.baseAddress.map { $0 + offset }, Int32(count), last ? 1 : 0)
            }
            if let failure { throw failure }
            if status != XML_STATUS_OK {
                let error = expatError()
                failure = error
                throw error
            }
            offset += count
        } while offset < bytes.count
    }

    // MARK: Callbacks

    private func startElement(_ name: UnsafePointer<XML_Char>?, _ list: UnsafeMutablePointer<UnsafePointer<XML_Char>?>?)
    {
        flush()
        guard failure == nil, let name else { return }
        guard open.count < limits.depth else {
            return stop(located(.limitExceeded, "Elements are nested more than \(limits.depth) deep."))
        }
        do {
            let place = try intern(name)
            var attributes: [XMLAttribute] = []
            if var cursor = list {
                while let key = cursor[0], let value = cursor[1] {
                    guard attributes.count < limits.attributesPerElement else {
                        throw located(
                            .limitExceeded, "An element has more than \(limits.attributesPerElement) attributes.")
                    }
                    // First the place: `names` may be another table after it.
                    let attribute = try intern(key)
                    attributes.append(XMLAttribute(names[attribute], String(cString: value)))
                    cursor += 2
                }
            }
            open.append(place)
            try handler.startElement(names[place], attributes: attributes)
        } catch {
            stop(error)
        }
    }

    private func endElement() {
        flush()
        guard failure == nil, let place = open.popLast() else { return }
        do { try handler.endElement(names[place]) } catch { stop(error) }
    }

    /// Hands the text on that has come since the last event.
    private func flush() {
        let text = run.pointee.take()
        if !text.isEmpty { self.text(text) }
    }

    fileprivate func text(_ text: UnsafeBufferPointer<UInt8>) {
        guard failure == nil else { return }
        do { try handler.text(text.span) } catch { stop(error) }
    }

    private func doctype() {
        guard failure == nil else { return }
        stop(located(.doctype, "A document type declaration (<!DOCTYPE>) is not allowed here."))
    }

    // MARK: Errors

    /// The place of a name in `names`.
    private func intern(_ raw: UnsafePointer<XML_Char>) throws -> Int {
        let place = UnsafeBufferPointer(start: raw, count: strlen(raw)).withMemoryRebound(to: UInt8.self) {
            names.intern($0)
        }
        guard let place else {
            throw located(.limitExceeded, "The document has more than \(limits.names) different names.")
        }
        return place
    }

    private func stop(_ error: any Error) {
        failure = error
        XML_StopParser(expat, 0)
    }

    private func located(_ code: XMLError.Code, _ reason: String) -> XMLError {
        XMLError(
            code, reason, line: Int(XML_GetCurrentLineNumber(expat)),
            column: Int(XML_GetCurrentColumnNumber(expat)) + 1)
    }

    private func expatError() -> XMLError {
        switch XML_GetErrorCode(expat) {
        case XML_ERROR_NO_ELEMENTS:
            return located(
                .truncated, consumed == 0 ? "The XML document is empty." : "The XML document ends too early.")
        case XML_ERROR_UNCLOSED_TOKEN, XML_ERROR_PARTIAL_CHAR, XML_ERROR_UNCLOSED_CDATA_SECTION:
            return located(.truncated, "The XML document ends too early.")
        case XML_ERROR_NO_MEMORY:
            return located(.outOfMemory, "No memory for the XML document.")
        case let code:
            let text = XML_ErrorString(code).map { String(cString: $0) } ?? "unknown error"
            return located(.malformed, "The XML document is not well-formed: \(text).")
        }
    }
}

/// The character data since the last event. expat gives each line and each line end by itself; here they become one
/// piece, so that a handler is not called sixty times for an event of thirty lines.
private struct XMLTextRun {
    private let core: Unmanaged<XMLParserCore>
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    private static let capacity = 64 << 10

    init(_ core: Unmanaged<XMLParserCore>) {
        self.core = core
        bytes = .allocate(capacity: Self.capacity)
    }

    func free() { bytes.deallocate() }

    /// What there is; valid until more is added.
    mutating func take() -> UnsafeBufferPointer<UInt8> {
        defer { count = 0 }
        return UnsafeBufferPointer(rebasing: bytes[..<count])
    }

    static func core(_ run: UnsafeMutableRawPointer?, _ body: (XMLParserCore) -> Void) {
        run?.assumingMemoryBound(to: XMLTextRun.self).pointee.core._withUnsafeGuaranteedRef(body)
    }

    static func append(_ run: UnsafeMutableRawPointer?, _ text: UnsafePointer<XML_Char>?, _ added: Int) {
        guard let run = run?.assumingMemoryBound(to: XMLTextRun.self), let text, added > 0 else { return }
        if run.pointee.count + added > capacity {
            let full = run.pointee.take()
            run.pointee.core._withUnsafeGuaranteedRef { $0.text(full) }
        }
        guard added <= capacity, let base = run.pointee.bytes.baseAddress else {
            let whole = UnsafeBufferPointer(start: text, count: added)
            return whole.withMemoryRebound(to: UInt8.self) { whole in
                run.pointee.core._withUnsafeGuaranteedRef { $0.text(whole) }
            }
        }
        memcpy(base + run.pointee.count, text, added)
        run.pointee.count += added
    }
}
