import ConnectorKit
import KlosetFormat
import SeededNumbers
import Testing

@Suite struct SummaryTests {
    private func file(_ size: Int64, _ entropy: Double, _ type: ByteString, seconds: Int64) -> Entry {
        var entry = Samples.file
        entry.info.size = size
        entry.entropy = entropy
        entry.contentType = type
        entry.info.modificationTime = Timestamp(seconds: seconds)
        return entry
    }

    @Test func filesAreCountedByKindSizeAndContent() {
        var builder = SummaryBuilder()
        builder.add(file(10, 1.5, "text/calendar; charset=utf-8", seconds: 100))
        builder.add(file(31, 7.5, "image/png", seconds: 50))
        var link = Samples.file
        link.info.mode = [.symbolicLink, .sticky]
        link.object = .zero
        link.entropy = 0
        link.contentType = Entry.notRegularContentType
        builder.add(link)
        let summary = builder.finish()
        let counts = summary.directory.counts
        #expect(counts.children == 3 && counts.files == 2 && counts.symbolicLinks == 1 && counts.sticky == 1)
        #expect(counts.objects == 2 && counts.chunks == 4)
        #expect(counts.size == 41 && summary.directory.averageSize == 20)
        #expect(counts.maximumSize == 31 && counts.minimumSize == 0)
        #expect(counts.minimumModificationTime == 50 && counts.maximumModificationTime == 1_700_000_000)
        #expect(counts.highEntropy == 1 && counts.lowEntropy == 2)
        #expect(counts.text == 1 && counts.image == 1 && counts.application == 1)
        #expect(summary.directory.sumEntropy == 9 && summary.directory.averageEntropy == 4.5)
        #expect(summary.below == Summary.Below())
    }

    @Test func subdirectoriesGoBelow() {
        var inner = SummaryBuilder()
        inner.add(file(10, 4, "text/plain", seconds: 100))
        inner.add(errors: 2)
        var middle = SummaryBuilder()
        middle.add(directory: inner.finish())
        middle.add(file(5, 3, "video/mp4", seconds: 7))
        var outer = SummaryBuilder()
        outer.add(directory: middle.finish())
        let summary = outer.finish()
        #expect(summary.directory.counts.directories == 1 && summary.directory.counts.children == 1)
        let below = summary.below.counts
        #expect(below.files == 2 && below.directories == 1 && below.children == 3 && below.errors == 2)
        #expect(below.minimumSize == 5 && below.maximumSize == 10 && below.size == 15)
        #expect(below.minimumModificationTime == 7 && below.maximumModificationTime == 100)
        #expect(below.text == 1 && below.video == 1)
    }

    @Test func emptyPartsAreLeftOut() throws {
        // "below" always has its errors, so it is never left out.
        let bytes = Summary().encoded()
        #expect(bytes == hex("81a562656c6f7781a66572726f7273cf0000000000000000"))
        #expect(try Summary(decoding: bytes) == Summary())
        #expect(try Summary(decoding: Samples.summary.encoded()) == Samples.summary)
    }
}

@Suite struct EntropyTests {
    @Test func knownValues() {
        #expect(Entropy.bitsPerByte([UInt8]()) == 0)
        #expect(Entropy.bitsPerByte([7, 7, 7, 7]) == 0)
        #expect(Entropy.bitsPerByte([0, 1]) == 1)
        #expect(Entropy.bitsPerByte((0...255).map { UInt8($0) }) == 8)
        #expect(abs(Entropy.bitsPerByte(Array("aab".utf8)) - 0.9182958340544896) < 1e-15)
    }

    @Test func contentsAreWeightedByLength() {
        #expect(Object.entropy(of: Samples.object.chunks) == (1.5 * 3 + 2.5 * 4) / 7)
        #expect(Samples.object.size == 7)
    }

    @Test func staysInItsRange() {
        var random = SeededGenerator(seed: 42)
        for count in 1...300 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let entropy = Entropy.bitsPerByte(bytes)
            #expect(entropy >= 0 && entropy <= 8)
            #expect(entropy == Entropy.bitsPerByte(bytes.span))
        }
    }
}
