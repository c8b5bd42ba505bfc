internal import PostgresClient
package import TenureCore

extension PostgresTenantClient {
    /// Creates or changes a calendar.
    ///
    /// - Returns: Its revision. Putting the same again changes nothing.
    /// - Throws: ``RefusedRequest`` or ``StoreError``, as every method.
    package func putCalendar(_ calendar: JobCalendar) async throws -> Int64 {
        let rows = try await self.query(
            Statements.clientPutCalendar.prepared(in: self.place.schema),
            "calendar.put",
            [.text(calendar.name), .texts(calendar.excluded), .text(calendar.timeZone)]
        )
        return Int64(try rows.single().int(0))
    }

    /// Deletes a calendar that no job uses.
    package func deleteCalendar(_ name: String) async throws {
        _ = try await self.query(
            Statements.clientDeleteCalendar.prepared(in: self.place.schema),
            "calendar.delete",
            [.text(name)]
        )
    }

    /// The calendars, by name.
    ///
    /// - Parameter name: Only this one.
    package func calendars(_ name: String? = nil) async throws -> [CalendarRecord] {
        try await self.query(
            Statements.clientCalendars.prepared(in: self.place.schema),
            "calendar.list",
            [.text(name)]
        ).map(CalendarRecord.init)
    }
}
