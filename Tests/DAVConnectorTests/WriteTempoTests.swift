import DAVConnector
import Testing

@Suite struct WriteTempoTests {
    /// Batches of 200, each taking as long as a server of that kind needs.
    private func settle(from start: Int, _ seconds: (Int) -> Double) -> Int {
        let tempo = WriteTempo()
        tempo.begin(start)
        for _ in 0..<20 { tempo.observe(200, in: .seconds(seconds(tempo.concurrency))) }
        return tempo.concurrency
    }

    @Test func aServerThatServesManyAtOnceGetsMany() {
        #expect(settle(from: 4) { 8 / Double($0) } == 32)
    }

    @Test func aServerThatTakesOneAfterTheOtherIsNotPressed() {
        #expect(settle(from: 4) { _ in 2 } == 4)
        #expect(settle(from: 1) { _ in 2 } == 1)
    }

    @Test func whatHelpsNoMoreIsTakenBack() {
        #expect(settle(from: 4) { 8 / Double(min($0, 8)) } == 8)
    }

    @Test func whoAsksForMoreGetsIt() {
        #expect(settle(from: 64) { 8 / Double($0) } == 64)
    }

    @Test func smallBatchesSayNothing() {
        let tempo = WriteTempo()
        tempo.begin(4)
        for _ in 0..<10 { tempo.observe(5, in: .milliseconds(1)) }
        #expect(tempo.concurrency == 4)
    }
}
