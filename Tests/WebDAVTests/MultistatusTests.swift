import HTTPTypes
import Testing
import WebDAV
import XMLStream

@Suite struct MultistatusTests {
    private func sample() -> [UInt8] {
        var writer = MultistatusWriter()
        writer.response(
            "/user/a%20b.ics",
            propstats: [
                Propstat(status: .ok, properties: [XMLElement(.getetag, text: "\"1\"")]),
                Propstat(status: .notFound, properties: [XMLElement(.displayname)]),
                Propstat(status: .forbidden, properties: []),
            ])
        writer.response("/user/gone.ics", status: .notFound)
        writer.response(
            "/user/", status: .insufficientStorage, error: XMLElement(.numberOfMatchesWithinLimits), description: "more"
        )
        return writer.finish(syncToken: "data:,1")
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let read = try Multistatus(parsing: sample())
        #expect(read.syncToken == "data:,1")
        #expect(read.responses.map(\.hrefs) == [["/user/a%20b.ics"], ["/user/gone.ics"], ["/user/"]])
        #expect(read.responses[0].property(.getetag)?.text == "\"1\"")
        #expect(read.responses[0].property(.displayname) == nil)
        #expect(read.responses[0].propstats.map(\.status.code) == [200, 404])
        #expect(read.responses[1].status?.code == 404)
        #expect(read.responses[2].error?.elements.map(\.name) == [.numberOfMatchesWithinLimits])
        #expect(read.responses[2].description == "more")
    }

    @Test func calendarDataKeepsItsLineEnds() throws {
        let data = "BEGIN:VCALENDAR\r\nSUMMARY:a & b <c>\r\n ]]>\r\nEND:VCALENDAR\r\n"
        var writer = MultistatusWriter()
        writer.response("/x", propstats: [Propstat(status: .ok, properties: [XMLElement(.calendarData, text: data)])])
        let read = try Multistatus(parsing: writer.finish())
        #expect(read.responses.first?.property(.calendarData)?.text == data)
    }

    @Test func everyTruncationIsAnError() {
        let whole = sample()
        for count in 0..<(whole.count - 1) {
            #expect(throws: XMLError.self) { try Multistatus(parsing: Array(whole.prefix(count))) }
        }
    }

    @Test func responsesComeAsTheyEnd() throws {
        let reader = try MultistatusReader()
        var hrefs: [String] = []
        for byte in sample() { hrefs += try reader.feed([byte]).flatMap(\.hrefs) }
        #expect(hrefs == ["/user/a%20b.ics", "/user/gone.ics", "/user/"])
        #expect(try reader.finish().syncToken == "data:,1")
    }

    @Test(arguments: [
        "<a xmlns='DAV:'/>", "<multistatus/>",
        "<multistatus xmlns='DAV:'><response><status>HTTP/1.1 200 OK</status></response></multistatus>",
        "<multistatus xmlns='DAV:'><response><href>/a</href></response></multistatus>",
        "<multistatus xmlns='DAV:'><response><href>/a</href><status>200</status></response></multistatus>",
        "<multistatus xmlns='DAV:'><response><href>/a</href><status>HTTP/1.1 +20 OK</status></response></multistatus>",
        "<multistatus xmlns='DAV:'><response><href>/a</href><propstat><prop/></propstat></response></multistatus>",
    ])
    func whatIsNoMultistatusIsRefused(body: String) {
        #expect(throws: XMLError(.unexpectedElement, "")) { try Multistatus(parsing: Array(body.utf8)) }
    }

    @Test func whatOtherServersWriteIsRead() throws {
        let body = """
            <?xml version='1.0' encoding='UTF-8'?>
            <ns0:multistatus xmlns:ns0="DAV:" xmlns:e="urn:extra"><e:new/>
            <ns0:response><ns0:href> http://h/a </ns0:href><ns0:href>/b</ns0:href><ns0:status>HTTP/1.0 200</ns0:status>
            </ns0:response><ns0:response><ns0:href>/c</ns0:href><e:x><ns0:href>/no</ns0:href></e:x>
            <ns0:propstat><ns0:prop/><ns0:status>HTTP/1.1 418 I’m a teapot</ns0:status></ns0:propstat></ns0:response>
            </ns0:multistatus>
            """
        let read = try Multistatus(parsing: Array(body.utf8))
        #expect(read.responses.map(\.hrefs) == [["http://h/a", "/b"], ["/c"]])
        #expect(read.responses.last?.propstats.first?.status.code == 418)
    }

    @Test func errorBodiesHaveConditionAndSentence() throws {
        let error = DAVError(.forbidden, .validSyncToken, "That token is not known.")
        let root = try XMLElement(parsing: error.body)
        #expect(root.name == .error)
        #expect(root.elements.map(\.name) == [.validSyncToken, .responsedescription])
        #expect(root.first(.responsedescription)?.text == "That token is not known.")
    }
}
