import WebDAV
import XMLStream

/// Answers one kind of REPORT.
protocol DAVReport: Sendable {
    var name: XMLName { get }
    /// Where it can be asked for; `supported-report-set` says so.
    var kinds: ResourceKind { get }
    /// - Parameter root: the body.
    func respond(_ root: XMLElement, _ resource: Resource, _ context: DAVContext) async throws -> DAVResponse
}

/// All reports. A new one is added here.
enum ReportRegistry {
    static let all: [any DAVReport] = [
        CalendarQueryReport(), CalendarMultigetReport(), FreeBusyQueryReport(), AddressbookQueryReport(),
        AddressbookMultigetReport(), SyncCollectionReport(), ExpandPropertyReport(), PrincipalPropertySearchReport(),
        PrincipalSearchPropertySetReport(), PrincipalMatchReport(), ACLPrincipalPropSetReport(),
    ]

    static func reports(for kind: ResourceKind) -> [any DAVReport] {
        all.filter { $0.kinds.contains(kind) }
    }

    static func report(named name: XMLName, for kind: ResourceKind) -> (any DAVReport)? {
        all.first { $0.name == name && $0.kinds.contains(kind) }
    }
}
