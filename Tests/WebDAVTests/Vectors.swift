import XMLStream

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The files of `Vectors/`, by name.
func vector(_ name: String) throws -> [UInt8] {
    let folder = #filePath.dropLast("Vectors.swift".count) + "Vectors/"
    return Array(try Data(contentsOf: URL(fileURLWithPath: folder + name)))
}

func tree(_ name: String) throws -> XMLElement { try XMLElement(parsing: try vector(name)) }
