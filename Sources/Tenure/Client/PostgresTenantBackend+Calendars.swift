internal import PostgresStore
internal import TenureCore

extension PostgresTenantBackend {
    func putCalendar(_ calendar: JobCalendar) async throws -> Int64 {
        try await self.translating { try await self.client.putCalendar(calendar) }
    }

    func deleteCalendar(_ name: String) async throws {
        try await self.translating { try await self.client.deleteCalendar(name) }
    }

    func calendars(_ name: String?) async throws -> [CalendarInfo] {
        try await self.translating {
            try await self.client.calendars(name).map { record in
                CalendarInfo(
                    definition: record.definition,
                    revision: record.revision,
                    createdAt: record.createdAt,
                    updatedAt: record.updatedAt,
                    jobs: record.jobs
                )
            }
        }
    }
}
