import HTTPTypes
import WebDAV
import XMLStream

/// REPORT (RFC 3253, 3.6): the root of the body says which one.
struct ReportHandler: DAVHandler {
    func respond(_ context: DAVContext) async throws -> DAVResponse {
        let path = try context.collectionPath(context.target)
        try await context.require(.discover, on: path)
        let root = try RequestBody.parse(context.request.body)
        try await context.require(root.name == .freeBusyQuery ? .readFreeBusy : .read, on: path)
        let resource = try await context.resource()
        guard let report = ReportRegistry.report(named: root.name, for: resource.kind) else {
            throw DAVError(
                .forbidden, .supportedReport, "The report \(root.name) is not supported on \(context.href(resource)).")
        }
        return try await report.respond(root, resource, context)
    }
}
