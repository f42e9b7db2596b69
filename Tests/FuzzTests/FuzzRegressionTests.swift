import Foundation
import FuzzTargets
import SeededNumbers
import Testing

/// What fuzzing found worth keeping, through the same functions that libFuzzer calls (docs/fuzzing.md): inputs that
/// once broke something, and a small set that reaches every part of the readers.
@Suite struct FuzzRegressionTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz/Regressions")

    private static func inputs(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let folder = folder.appending(path: target.name)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            ($0, [UInt8](try Data(contentsOf: folder.appending(path: $0))))
        }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func everyInputIsTaken(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let inputs = try Self.inputs(target)
        #expect(inputs.count >= 5, "there is next to nothing in Fuzz/Regressions/\(name)")
        for input in inputs {
            do {
                try target.run(input.bytes)
            } catch {
                Issue.record("\(name)/\(input.name): \(error)")
            }
        }
        try target.run([])
    }

    /// Seeded changes of the same inputs: none ends the program, breaks a promise, or goes on for ever.
    @Test(arguments: FuzzTarget.all.map(\.name))
    func everyChangedInputIsTaken(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let inputs = try Self.inputs(target).map(\.bytes).filter { !$0.isEmpty }
        var random = SeededGenerator(seed: name.utf8.reduce(17) { $0 &* 31 &+ UInt64($1) })
        var budget = 6 << 20
        for round in 0..<3000 {
            guard budget > 0 else { break }
            var bytes = inputs[round % inputs.count]
            for _ in 0...Int.random(in: 0..<4, using: &random) { Self.change(&bytes, inputs, &random) }
            budget -= bytes.count
            do {
                try target.run(bytes)
            } catch {
                Issue.record("\(name), round \(round): \(error): \(bytes.prefix(2000))")
            }
        }
    }

    private static func change(_ bytes: inout [UInt8], _ others: [[UInt8]], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return bytes.append(0) }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 3: bytes.remove(at: place)
        case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0..<64, using: &random)))
        // Heads of long things in MessagePack, and lengths that no input has.
        case 5: bytes[place] = [0xDD, 0xDF, 0xDB, 0xC6, 0xC9, 0xDC, 0xC0].randomElement(using: &random) ?? 0
        case 6:
            for index in place..<min(bytes.count, place + 4) { bytes[index] = 0xFF }
        default:
            let other = others.randomElement(using: &random) ?? []
            bytes.replaceSubrange(place..<bytes.count, with: other.suffix(max(0, other.count - place)))
        }
    }
}
