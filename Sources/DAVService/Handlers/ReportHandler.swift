import HTTPTypes
import WebDAV
import XMLStream

/// REPORT (RFC 3253, 3.6): the root of the body says which one.
struct ReportHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        try context.require(.read, on: path)
        let resource = try await context.resource()
        let root = try RequestBody.parse(context.request.body)
        guard let report = ReportRegistry.report(named: root.name, for: resource.kind) else {
            throw DAVError(
                .forbidden, .supportedReport, "The report \(root.name) is not supported on \(context.href(resource)).")
        }
        return try await report.respond(root, resource, context)
    }
}
