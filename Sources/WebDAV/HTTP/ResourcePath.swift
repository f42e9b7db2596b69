import HTTPTypes

/// The path of a resource: decoded segments, and whether it was written with a slash at the end.
///
/// Percent-encoding is decoded once, when the path is read, and written in one way only: everything but unreserved
/// characters is encoded. `@` and `%40` are therefore the same resource.
package struct ResourcePath: Hashable, Sendable {
    package var segments: [String]
    /// Collections are written with a slash at the end (RFC 4918, 5.2).
    package var isCollection: Bool

    package init(segments: [String], isCollection: Bool) {
        self.segments = segments
        self.isCollection = isCollection
    }

    package static let root = ResourcePath(segments: [], isCollection: true)

    /// The longest path that is read, in bytes as written.
    package static let maximumLength = 4_096
    /// The longest segment, in bytes after decoding: what file systems can hold.
    package static let maximumSegmentLength = 255

    /// Reads a request target or an href: an absolute path, or an absolute URI whose authority is not looked at.
    ///
    /// Doubled slashes count as one; query and fragment are cut off.
    /// - Throws: 400 for `.` and `..`, control characters, encoded slashes and encodings that are broken, 414 for paths
    ///   that are too long, 403 for segments that no file system can hold.
    package init(parsing text: some StringProtocol) throws(DAVError) {
        var bytes = Array(text.utf8)[...]
        if let cut = bytes.firstIndex(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
            bytes = bytes[..<cut]
        }
        if bytes.first != UInt8(ascii: "/") {
            bytes = try Self.pathOfURI(bytes)
        }
        guard bytes.count <= Self.maximumLength else {
            throw DAVError(.uriTooLong, "The path is longer than \(Self.maximumLength) bytes.")
        }
        var segments: [String] = []
        for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true) {
            segments.append(try Self.decode(part))
        }
        self.segments = segments
        isCollection = bytes.isEmpty || bytes.last == UInt8(ascii: "/")
    }

    /// Reads an href that may also be relative to the collection `base`: a member's bare name.
    package init(href: String, relativeTo base: ResourcePath) throws(DAVError) {
        let isRelative = !href.hasPrefix("/") && !href.contains("://")
        guard isRelative, !href.isEmpty else {
            self = try ResourcePath(parsing: href)
            return
        }
        self = try ResourcePath(parsing: "/" + href)
        segments = base.segments + segments
    }

    private static func pathOfURI(_ bytes: ArraySlice<UInt8>) throws(DAVError) -> ArraySlice<UInt8> {
        let mark = Array("://".utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > bytes.startIndex,
            bytes[colon...].starts(with: mark)
        else {
            throw DAVError(.badRequest, "The path does not begin with a slash.")
        }
        let authority = bytes[(colon + mark.count)...]
        guard let slash = authority.firstIndex(of: UInt8(ascii: "/")) else { return [UInt8(ascii: "/")] }
        return authority[slash...]
    }

    private static func decode(_ part: ArraySlice<UInt8>) throws(DAVError) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(part.count)
        var index = part.startIndex
        while index < part.endIndex {
            var byte = part[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard index + 1 < part.endIndex, let high = hexValue(part[index]), let low = hexValue(part[index + 1])
                else {
                    throw DAVError(.badRequest, "The path has a percent sign that is not followed by two hex digits.")
                }
                byte = high << 4 | low
                index += 2
                guard byte != UInt8(ascii: "/") else {
                    throw DAVError(.badRequest, "The path has an encoded slash (%2F) inside a name.")
                }
            }
            guard byte >= 0x20, byte != 0x7F else {
                throw DAVError(.badRequest, "The path has a control character in a name.")
            }
            decoded.append(byte)
        }
        guard decoded != [0x2E], decoded != [0x2E, 0x2E] else {
            throw DAVError(.badRequest, "The path has a dot segment (. or ..).")
        }
        guard let segment = String(validating: decoded, as: UTF8.self) else {
            throw DAVError(.badRequest, "The path is not UTF-8.")
        }
        guard decoded.count <= maximumSegmentLength else {
            throw DAVError(.forbidden, "A name in the path is longer than \(maximumSegmentLength) bytes.")
        }
        return segment
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    // MARK: Writing

    /// The path as it stands in hrefs: absolute, percent-encoded, with a slash at the end for collections.
    package var encoded: String {
        guard !segments.isEmpty else { return "/" }
        var result: [UInt8] = []
        for segment in segments {
            result.append(UInt8(ascii: "/"))
            Self.encode(segment, into: &result)
        }
        if isCollection { result.append(UInt8(ascii: "/")) }
        return String(decoding: result, as: UTF8.self)
    }

    /// One segment, percent-encoded.
    package static func encode(_ segment: String) -> String {
        var result: [UInt8] = []
        encode(segment, into: &result)
        return String(decoding: result, as: UTF8.self)
    }

    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    /// The same, at the end of something.
    package static func encode(_ segment: String, into result: inout [UInt8]) {
        let digits = hexDigits
        for byte in segment.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }

    /// The path of a child.
    package func appending(_ segment: String, isCollection: Bool) -> ResourcePath {
        ResourcePath(segments: segments + [segment], isCollection: isCollection)
    }

    /// The collection around; nil for the root.
    package var parent: ResourcePath? {
        segments.isEmpty ? nil : ResourcePath(segments: Array(segments.dropLast()), isCollection: true)
    }

    /// Whether `other` is this path or lies below it.
    package func contains(_ other: ResourcePath) -> Bool { other.segments.starts(with: segments) }
}
