import Cron
import PostgresClient
import TestSupport
import Testing

@testable import tenure

@Suite("Time zones of jobs", .timeLimit(.minutes(1)), .needsPostgres, .needsRedis)
struct TimeZoneTests {
    private func put(_ zone: String, in scene: TenantScene) async throws -> ProgramRun {
        try await ProgramRun.run(
            ["jobs", "put", "nightly", "--tenant", "acme", "--topic", "t", "--cron", "0 3 * * *", "--time-zone", zone],
            environment: scene.environment
        )
    }

    private func withTenant(_ body: (TenantScene, Database) async throws -> Void) async throws {
        try await TenantScene.run { scene in
            _ = try await scene.run("tenants", "add", "acme", "--connection", scene.url)
            _ = try await scene.run("tenants", "migrate", "--all")
            let database = try await Database(scene.url, reactor: scene.reactor)
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(scene, database))
            } catch {
                result = .failure(error)
            }
            await database.close()
            try result.get()
        }
    }

    @Test("The database and the nodes accept the same zones: region and city, and UTC")
    func agreement() async throws {
        try await self.withTenant { _, database in
            try await database.execute(
                """
                CREATE FUNCTION accepts(zone text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
                    PERFORM tenure.check_time_zone(zone);
                    RETURN true;
                EXCEPTION WHEN invalid_parameter_value THEN
                    RETURN false;
                END $$
                """
            )
            // Every name without a region, and a sample of the others: each costs a look at all of them.
            let rows = try await database.query(
                """
                SELECT name, accepts(name) FROM (
                    SELECT name FROM pg_timezone_names
                    WHERE name NOT LIKE '%/%' OR abs(hashtext(name)) % 40 = 0
                    UNION SELECT unnest(ARRAY[
                        'Europe/Berlin', 'Etc/UTC', 'America/Argentina/Buenos_Aires', 'europe/berlin', 'EST', 'CEST',
                        'GMT+1', '+01:00', 'posix/Europe/Berlin', 'right/Europe/Berlin', 'Mars/Olympus'])
                ) AS names(name) ORDER BY name
                """
            )
            let names = try rows.map { (name: try $0.string(0), isAccepted: try $0.bool(1)) }

            #expect(names.count > 20)
            for (name, isAccepted) in names {
                #expect(isAccepted == ((try? TimeZoneLookup.zone(named: name)) != nil), "\(name)")
            }
        }
    }

    @Test("A zone that is not accepted is told with the one that was probably meant")
    func hints() async throws {
        try await self.withTenant { scene, database in
            #expect(try await self.put("Europe/Berlin", in: scene).status == 0)
            for zone in ["EST", "berlin", "CET"] {
                let run = try await self.put(zone, in: scene)
                #expect(run.status == 64, "\(zone)")
                #expect(run.errors.contains(zone))
            }

            let schedule = "SELECT tenure.schedule_job('j', 't', cron => '0 3 * * *', time_zone => "
            let abbreviation = await #expect(throws: PostgresError.self) {
                try await database.query(schedule + "'EST')")
            }
            let city = await #expect(throws: PostgresError.self) { try await database.query(schedule + "'new york')") }

            #expect(abbreviation?.message == "the time zone 'EST' is not accepted")
            #expect(abbreviation?.hint?.contains("Europe/Berlin") == true)
            #expect(city?.hint?.hasPrefix("Did you mean 'America/New_York'?") == true)
        }
    }
}
