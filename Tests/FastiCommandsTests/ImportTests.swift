import Foundation
import PeerPrograms
import Testing

@Suite("Taking over settings")
struct ImportTests {
    @Test(
        "YAML in every form, JSON, INI",
        arguments: [
            "version: v1.0.0\nsources:\n  work:\n    location: /data\n    user: me\n",
            "work:\n  location: /data\n  user: me\n", "remotes:\n  work:\n    location: /data\n    user: me\n",
            "{\"work\": {\"location\": \"/data\", \"user\": \"me\"}}",
            "{\"version\":1,\"entries\":[{\"name\":\"work\",\"values\":{\"location\":\"/data\",\"user\":\"me\"}}]}",
            "; mine\n[work]\nlocation = /data\nuser=me\n",
        ])
    func forms(text: String) async throws {
        let program = try Program()
        try program.write(text, to: "file")
        let result = try await program("source", "import", "-config", "file")
        #expect(result.status == 0, "\(result.standardError)")
        let entries = try await program("source", "show", "--json").document()["entries"] as? [[String: Any]]
        #expect(entries?.first?["name"] as? String == "work")
        #expect(entries?.first?["values"] as? [String: String] == ["location": "/data", "user": "me"])
    }

    @Test("Known entries stay unless told, sections may be renamed, rclone becomes rclone")
    func rules() async throws {
        let program = try Program()
        try program.write("[drive]\ntype = drive\ntoken = geheim\n[other]\ntype = s3\n", to: "rclone.conf")
        let words = ["source", "import", "--rclone", "--from", "rclone.conf", "drive:mine"]
        #expect(try await program.run(words + ["--json"]).document()["added"] as? [String] == ["mine"])
        let shown = try await program("source", "show", "mine").text
        #expect(shown.contains("location: rclone://drive") && shown.contains("rclone_type: drive"))
        #expect(!shown.contains("geheim"))
        #expect(try await program.run(words + ["--json"]).document()["skipped"] as? [String] == ["mine"])
        #expect(
            try await program.run(words + ["--overwrite", "--json"]).document()["replaced"] as? [String] == ["mine"])
        #expect(try await program("source", "import", "--from", "rclone.conf").status == 1, "no location")
        #expect(try await program("source", "import", "--from", "rclone.conf", "absent").status == 1)
        #expect(try await program("source", "import", "--from", "absent").status == 1)
        #expect(try await program("source", "import", "--from", "https://example.org/x").status == 64)
        try program.write("just words", to: "bad")
        #expect(try await program("source", "import", "--from", "bad").status == 1)
    }
}
