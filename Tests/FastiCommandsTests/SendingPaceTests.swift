import HTTPFront
import Testing

@Suite struct SendingPaceTests {
    @Test func whoTricklesIsLetGo() {
        let pace = SendingPace(grace: 60)
        #expect(!pace.isTooSlow(received: 0, elapsed: 60))
        #expect(pace.isTooSlow(received: 0, elapsed: 61))
        #expect(pace.isTooSlow(received: 100, elapsed: 62), "a byte a second")
        #expect(!pace.isTooSlow(received: 100 * 1_024, elapsed: 160), "a modem")
        #expect(pace.isTooSlow(received: 100 * 1_024, elapsed: 161))
        #expect(!pace.isTooSlow(received: 1 << 30, elapsed: 3_600))
    }
}
