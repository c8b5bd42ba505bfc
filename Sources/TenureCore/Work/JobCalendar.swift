/// Dates on which the jobs that name it do not run.
public struct JobCalendar: Sendable, Hashable, Codable {
    /// Unique in its tenant.
    public var name: String
    /// Dates (`2026-12-25`), ranges with both ends (`2026-12-24..2026-12-31`), days of every year (`12-25`) and of
    /// every week (`SAT`).
    public var excluded: [String]
    /// The IANA name of the zone whose dates they are; `nil` for the zone of each job.
    public var timeZone: String?

    /// A calendar; the entries are put into the form and order in which the tenant's schema keeps them.
    public init(name: String, excluded: [String], timeZone: String? = nil) {
        self.name = name
        self.excluded = Set(excluded.map { $0.uppercased() }).sorted()
        self.timeZone = timeZone
    }
}
