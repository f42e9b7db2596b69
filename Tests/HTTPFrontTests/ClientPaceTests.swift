import HTTPFront
import NIOCore
import Testing

/// Who is let go because nothing comes, or too little.
@Suite struct ClientPaceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func after(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }

    @Test func silenceIsNotWaitedForLongerThanPatience() {
        var pace = ClientPace(patience: .seconds(60), now: start)
        #expect(!pace.isSilent(after(60)) && pace.isSilent(after(61)))
        pace.progress(after(50))
        #expect(!pace.isSilent(after(100)) && pace.isSilent(after(111)))
        #expect(!pace.isTooSlow(after(1_000)), "there is no request")
    }

    /// One byte every ten seconds is progress each time, and still too slow.
    @Test func aBodyThatComesByteByByteIsTooSlow() {
        var pace = ClientPace(patience: .seconds(60), now: start)
        pace.requestBegins(start)
        for round in 1...7 { pace.bodyGrows(by: 1, after(Int64(round) * 10)) }
        #expect(!pace.isSilent(after(70)))
        #expect(pace.isTooSlow(after(70)))
        pace.requestEnds(after(70))
        #expect(!pace.isTooSlow(after(1_000)))
    }

    /// Ten megabytes at two kilobytes a second: an hour and a half, over a bad line.
    @Test func aSlowLineIsGivenItsTime() {
        var pace = ClientPace(patience: .seconds(60), now: start)
        pace.requestBegins(start)
        for second in 1...5_000 {
            pace.bodyGrows(by: 2_000, after(Int64(second)))
            if second % 500 == 0 { #expect(!pace.isTooSlow(after(Int64(second)))) }
        }
        // The next request begins anew.
        pace.requestEnds(after(5_000))
        pace.requestBegins(after(5_000))
        #expect(!pace.isTooSlow(after(5_060)) && pace.isTooSlow(after(5_061)))
    }
}
