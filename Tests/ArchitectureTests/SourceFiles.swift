import Foundation

/// All Swift files in a folder and those below it.
func swiftFiles(below folder: URL) -> [URL] {
    let walker = FileManager.default.enumerator(at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: nil)
    return (walker?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
}
