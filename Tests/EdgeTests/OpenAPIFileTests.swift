import Basics
import Foundation
import Testing
import Wire

@Suite("The published description of the API")
struct OpenAPIFileTests {
    /// Set ASSAY_UPDATE_OPENAPI=1 to write the file anew after a change of routes.
    @Test("docs/openapi.json is what the table of routes says")
    func fileIsCurrent() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let path = here.appendingPathComponent("../../docs/openapi.json").standardized.path
        let generated = OpenAPI.document().canonicalBytes
        if ProcessInfo.processInfo.environment["ASSAY_UPDATE_OPENAPI"] == "1" {
            try Data(generated + [0x0a]).write(to: URL(fileURLWithPath: path))
        }
        let file = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(Bytes(file) == generated + [0x0a], "Run the tests once with ASSAY_UPDATE_OPENAPI=1, and read the difference.")
    }
}
