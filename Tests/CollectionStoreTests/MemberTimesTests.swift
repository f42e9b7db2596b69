import CollectionStore
import SeededNumbers
import Testing

/// However times are kept, the same searches find them.
@Suite struct MemberTimesTests {
    @Test func compactTimesAnswerAsExactOnes() {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<2_000 {
            var times: [Int64] = []
            let isUniform = Bool.random(using: &random)
            let length = Int64.random(in: 0...40, using: &random)
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                // Some before 1970, which are kept differently.
                let start = Int64.random(in: -20...300, using: &random)
                times += [start, start + (isUniform ? length : Int64.random(in: 0...40, using: &random))]
            }
            let compact = MemberTimes(exactly: times)
            let plain = MemberTimes.exact(times)
            for _ in 0..<20 {
                let start = Int64.random(in: -30...360, using: &random)
                let end = start + Int64.random(in: 0...60, using: &random)
                #expect(
                    compact.overlap(start: start, end: end) == plain.overlap(start: start, end: end),
                    "\(times) \(start) \(end)")
            }
            #expect(compact.overlap(start: .min, end: .max) == plain.overlap(start: .min, end: .max))
        }
    }

    @Test func timesBeyondWhatIsCompactAreExact() {
        let late: Int64 = 1 << 40
        let times = MemberTimes(exactly: [late, late + 10, 0, 10])
        #expect(times.overlap(start: late, end: late + 1) == true)
        #expect(times.overlap(start: 10, end: 20) == false)
        #expect(MemberTimes(exactly: [.min, .max, 0, 1]).overlap(start: 5, end: 6) == true)
        #expect(MemberTimes(exactly: []).overlap(start: .min, end: .max) == false)
    }
}
