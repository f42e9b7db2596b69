import HTTPTypes
package import WebDAV
import XMLStream

/// A member of a collection as an answer of its server names it.
package struct DAVMember: Sendable {
    /// As the server wrote it, and where it leads.
    package let href: String
    package let url: DAVURL
    /// Of the member as a whole; nil when it has properties.
    package let status: Int?
    package let properties: MemberResponse.Properties
    /// Whether the server says of each property that it is not there.
    package let lacksEverything: Bool
}

/// A whole answer about members of a collection.
package struct DAVMembers: Sendable {
    /// Where it came from, after redirects.
    package let url: DAVURL
    package let members: [DAVMember]
    package let syncToken: String?
    /// Whether it is a part, and the sync token asks for the rest (RFC 6578, section 3.6).
    package let isTruncated: Bool

    /// - Throws: when an href cannot be an address, or when the server says that it left something out and must not.
    fileprivate init(_ parsed: MemberMultistatus, from url: DAVURL, mayBeTruncated: Bool) throws {
        guard !parsed.isTruncated || mayBeTruncated else { throw DAVMultistatus.leftOut }
        self.url = url
        syncToken = parsed.syncToken
        isTruncated = parsed.isTruncated
        members = try parsed.responses.map { response in
            DAVMember(
                href: response.href, url: try url.resource(response.href), status: response.status,
                properties: response.properties, lacksEverything: response.lacksEverything)
        }
    }
}

/// Reads a multistatus about members while it comes. What is wrong with it is told at its end.
///
/// Unchecked: one task after the other has it, first the one that receives the answer, then the one that asked.
private final class MemberBodyReader: DAVBodyReader, @unchecked Sendable {
    private var reader: MemberMultistatusReader?
    private var failure: (any Error)?
    private let note: DAVClient.MemberProgress?
    private var noted = 0

    init(_ note: DAVClient.MemberProgress? = nil) { self.note = note }

    func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        do {
            let reader = try whole()
            try reader.feed(bytes)
            if let note {
                let responses = reader.responses
                note(responses[noted...])
                noted = responses.count
            }
            return true
        } catch {
            failure = error
            return false
        }
    }

    /// - Throws: unless it was a whole multistatus.
    func finish() throws -> MemberMultistatus { try whole().finish() }

    private func whole() throws -> MemberMultistatusReader {
        if let failure { throw failure }
        let known = try reader ?? MemberMultistatusReader()
        reader = known
        return known
    }
}

extension DAVClient {
    /// Told of a listing while it comes; not yet whether it comes whole.
    package typealias MemberProgress = @Sendable (ArraySlice<MemberResponse>) -> Void

    /// What a listing asks for.
    private static let listed: [XMLName] = [
        .resourcetype, .getetag, .getcontenttype, .getcontentlength, .getlastmodified,
    ]

    /// Everything in a collection, itself included, without contents.
    ///
    /// - Parameter note: told of the members as they come. When the connection is lost, it is told again from the beginning.
    /// - Throws: also when the answer is no complete multistatus.
    package func members(of collection: DAVURL, noting note: MemberProgress? = nil) async throws -> DAVMembers {
        let answer = try await sendPropfind(
            collection, depth: .one, .named(Self.listed), reading: { MemberBodyReader(note) })
        return try members(.propfind, answer, mayBeTruncated: false)
    }

    /// The ETags and data of members by their hrefs, which go to the server exactly as it gave them.
    package func members(
        of collection: DAVURL, kind: DAVCollectionKind, hrefs: [String]
    ) async throws -> DAVMembers {
        var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
        writer.declaration()
        writer.element(kind.multiget) { writer in
            writer.element(.prop) {
                $0.empty(.getetag)
                $0.empty(kind.dataProperty)
            }
            for href in hrefs { writer.element(.href, text: href) }
        }
        return try await report(collection, writer.take(), mayBeTruncated: false)
    }

    /// What changed since a token (RFC 6578). The answer may be a part: see ``DAVMembers/isTruncated``.
    package func members(of collection: DAVURL, changedSince token: String) async throws -> DAVMembers {
        var writer = XMLWriter(prefixes: DAVNamespace.prefixes)
        writer.declaration()
        writer.element(.syncCollection) { writer in
            writer.element(.syncToken, text: token)
            writer.element(.syncLevel, text: "1")
            writer.element(.prop) { for name in Self.listed { $0.empty(name) } }
        }
        return try await report(collection, writer.take(), mayBeTruncated: true)
    }

    private func report(_ collection: DAVURL, _ body: [UInt8], mayBeTruncated: Bool) async throws -> DAVMembers {
        // RFC 4791, section 7.9: Depth is ignored; old servers want to see it all the same.
        let answer = try await send(
            .report, collection, headers: xmlHeaders(depth: .zero), body: body, reading: { MemberBodyReader() })
        return try members(.report, answer, mayBeTruncated: mayBeTruncated)
    }

    private func members(
        _ method: HTTPRequest.Method, _ answer: Answer, mayBeTruncated: Bool
    ) throws -> DAVMembers {
        try reading(method, answer) {
            guard let reader = answer.reader as? MemberBodyReader else {
                throw XMLError(.truncated, "There is no body.")
            }
            return try DAVMembers(reader.finish(), from: answer.url, mayBeTruncated: mayBeTruncated)
        }
    }
}
