import Foundation
import PeerPrograms
import Testing

/// Holds Package.swift and the sources to the map in ARCHITECTURE.md.
@Suite struct MapTests {
    let map: [String: Room]
    let targets: [PackageTarget]

    init() async throws {
        map = try ArchitectureMap.read(PeerEnvironment.packageRoot.appending(path: "ARCHITECTURE.md"))
        targets = try await PackageTarget.all()
    }

    @Test func everyTargetHasItsRowAndEveryRowItsTarget() {
        let built = Set(targets.filter { !$0.isTest }.map(\.name))
        let drawn = Set(map.filter { !$0.value.isLater }.keys)
        #expect(built.subtracting(drawn).sorted() == [], "targets without a row in the map")
        #expect(drawn.subtracting(built).sorted() == [], "rows without a target; mark them *later*")
    }

    @Test func rowsAllowOnlyLowerLayers() {
        for (name, room) in map {
            for import_ in room.imports {
                if let lower = map[import_] {
                    #expect(
                        lower.layer < room.layer || room.layer == lower.layer && room.order > lower.order,
                        "\(name) may import \(import_)?")
                } else {
                    #expect(room.libraries.contains(import_), "\(name): \(import_) is neither a target nor a library")
                }
            }
        }
    }

    @Test func packageDependenciesAreOnTheMap() {
        for target in targets where !target.isTest {
            let allowed = map[target.name]?.imports ?? []
            let extra = target.dependencies.filter { !allowed.contains($0) }
            #expect(extra == [], "\(target.name) depends on what the map does not allow")
        }
    }

    @Test func sourcesImportOnlyWhatTheMapAllows() throws {
        let always: Set = [
            "Swift", "Synchronization", "Glibc", "Musl", "Darwin", "Dispatch", "_Concurrency", "Observation",
        ]
        var seen = 0
        for target in targets where !target.isTest {
            guard let room = map[target.name] else { continue }
            let folder = PeerEnvironment.packageRoot.appending(path: "Sources/\(target.name)")
            for file in swiftFiles(below: folder) {
                for module in try importedModules(of: file) {
                    seen += 1
                    let allowed =
                        always.contains(module) || room.imports.contains(module)
                        || room.allowsFoundation && module.hasPrefix("Foundation")
                    #expect(allowed, "\(target.name)/\(file.lastPathComponent) imports \(module)")
                }
            }
        }
        #expect(seen > 50, "the search for imports found next to nothing: is it broken?")
    }

    private func importedModules(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let index = words.firstIndex(of: "import"), index <= 2, index + 1 < words.count,
                words[..<index].allSatisfy({
                    $0.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains($0)
                })
            else { return nil }
            let isKind = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"].contains(
                words[index + 1])
            let path = isKind && index + 2 < words.count ? words[index + 2] : words[index + 1]
            return path.split(separator: ".").first.map(String.init)
        }
    }
}

/// One target's row.
struct Room {
    var layer: Int
    var order: Int
    var imports: Set<String>
    var libraries: Set<String>
    var allowsFoundation: Bool
    var isLater: Bool
}

enum ArchitectureMap {
    static func read(_ page: URL) throws -> [String: Room] {
        let text = try String(contentsOf: page, encoding: .utf8)
        let start = try #require(text.range(of: "<!-- map -->")).upperBound
        let end = try #require(text.range(of: "<!-- end of map -->")).lowerBound
        var rooms: [String: Room] = [:]
        for line in text[start..<end].split(separator: "\n").dropFirst(2) {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard cells.count == 6, let layer = Int(cells[1]) else { continue }
            var words = cells[4].split(separator: " ").map(String.init)
            let allowsFoundation = words.contains("+F")
            words.removeAll { $0 == "+F" }
            let libraries = words.filter { $0.hasPrefix("*") }.map { $0.trimmingCharacters(in: ["*"]) }
            for name in cells[2].replacingOccurrences(of: "*later*", with: "").split(separator: ",") {
                rooms[name.trimmingCharacters(in: .whitespaces)] = Room(
                    layer: layer, order: rooms.count, imports: Set(words.map { $0.trimmingCharacters(in: ["*"]) }),
                    libraries: Set(libraries), allowsFoundation: allowsFoundation, isLater: cells[2].contains("*later*")
                )
            }
        }
        return rooms
    }
}

/// A target as `swift package dump-package` tells it.
struct PackageTarget {
    var name: String
    var isTest: Bool
    var dependencies: [String]

    static func all() async throws -> [PackageTarget] {
        let scratch = try TemporaryFolder()
        let result = try await run(
            "/usr/bin/env",
            ["swift", "package", "--scratch-path", scratch.path, "dump-package"], in: PeerEnvironment.packageRoot.path)
        let package = try #require(
            try JSONSerialization.jsonObject(with: Data(result.standardOutput)) as? [String: Any],
            "\(result.standardError)")
        let targets = try #require(package["targets"] as? [[String: Any]])
        return targets.compactMap { target in
            guard let name = target["name"] as? String else { return nil }
            let dependencies = (target["dependencies"] as? [[String: Any]] ?? []).compactMap { dependency in
                dependency.values.compactMap { ($0 as? [Any])?.first as? String }.first
            }
            let path = target["path"] as? String ?? ""
            let isTest = path.hasPrefix("Tests/") || path.hasPrefix("Fuzz/") || target["type"] as? String == "test"
            return PackageTarget(name: name, isTest: isTest, dependencies: dependencies)
        }
    }
}
