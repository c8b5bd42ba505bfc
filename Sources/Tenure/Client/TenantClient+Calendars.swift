internal import Cron
internal import TenureCore

/// Dates on which jobs do not run.
extension TenantClient {
    /// Creates or changes a calendar. The jobs that name it obey it from then on.
    ///
    /// ```swift
    /// try await client.putCalendar("holidays", excluding: ["12-25", "2026-04-03..2026-04-06", "SAT", "SUN"])
    /// ```
    ///
    /// - Parameters:
    ///   - name: Unique in the tenant: 1 to 100 printable ASCII characters without spaces.
    ///   - excluded: Dates (`2026-12-25`), ranges with both ends (`2026-12-24..2026-12-31`), days of every year
    ///     (`12-25`) and of every week (`SAT`); at most 10,000.
    ///   - timeZone: The IANA name of the zone whose dates they are. Default: the zone of each job.
    /// - Returns: The calendar's revision, which grows with each change.
    @discardableResult
    public func putCalendar(_ name: String, excluding excluded: [String], timeZone: String? = nil) async throws -> Int64
    {
        try await self.putCalendar(JobCalendar(name: name, excluded: excluded, timeZone: timeZone))
    }

    /// Creates or changes a calendar.
    ///
    /// - Returns: The calendar's revision, which grows with each change.
    @discardableResult
    public func putCalendar(_ calendar: JobCalendar) async throws -> Int64 {
        try Self.check(calendar)
        let revision = try await self.backend.putCalendar(calendar)
        self.hint()
        return revision
    }

    /// Deletes a calendar that no job uses.
    public func deleteCalendar(_ name: String) async throws {
        try await self.backend.deleteCalendar(name)
    }

    /// The calendars, by name.
    public func calendars() async throws -> [CalendarInfo] {
        try await self.backend.calendars(nil)
    }

    /// One calendar; `nil` if there is none of this name.
    public func calendar(_ name: String) async throws -> CalendarInfo? {
        try await self.backend.calendars(name).first
    }

    /// Refuses here what a node could not plan.
    static func check(_ calendar: JobCalendar) throws(RequestRefused) {
        do {
            _ = try DateExclusions(calendar.excluded)
            if let timeZone = calendar.timeZone { _ = try TimeZoneLookup.zone(named: timeZone) }
        } catch {
            throw RequestRefused(message: "calendar '\(calendar.name)': \(error)", hint: nil, isNotFound: false)
        }
    }
}
