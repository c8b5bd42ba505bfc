internal import Foundation
package import Testing

/// The servers that tests run against, as the environment names them.
package enum Servers {
    /// `TENURE_TEST_REDIS_URL`: a Redis that tests share; each uses keys of its own and flushes nothing.
    package static let redisURL = Self.variable("TENURE_TEST_REDIS_URL")

    /// `TENURE_TEST_POSTGRES_URL`: a Postgres on which tests may create databases.
    package static let postgresURL = Self.variable("TENURE_TEST_POSTGRES_URL")

    /// `REQUIRE_SERVERS=1`: a test whose server is missing fails, where it would else be skipped.
    package static let areRequired = Self.variable("REQUIRE_SERVERS") == "1"

    /// A server that a test cannot do without is missing.
    package struct Missing: Error, CustomStringConvertible {
        /// Which one.
        package let description: String

        /// Creates the error.
        package init(description: String) {
            self.description = description
        }
    }

    /// The URL of the shared Redis.
    package static func requireRedis() throws -> String {
        guard let redisURL = self.redisURL else { throw Missing(description: "TENURE_TEST_REDIS_URL is not set") }
        return redisURL
    }

    /// The URL of the shared Postgres.
    package static func requirePostgres() throws -> String {
        guard let postgresURL = self.postgresURL else {
            throw Missing(description: "TENURE_TEST_POSTGRES_URL is not set")
        }
        return postgresURL
    }

    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Trait where Self == ConditionTrait {
    /// Runs the test if there is a shared Redis, or if servers are required: then it fails without one.
    package static var needsRedis: Self {
        .enabled(if: Servers.redisURL != nil || Servers.areRequired, "TENURE_TEST_REDIS_URL is not set")
    }

    /// Runs the test if there is a shared Postgres, or if servers are required: then it fails without one.
    package static var needsPostgres: Self {
        .enabled(if: Servers.postgresURL != nil || Servers.areRequired, "TENURE_TEST_POSTGRES_URL is not set")
    }

    /// Runs the test if `redis-server` is installed, or if servers are required: then it fails without it.
    package static var needsPrivateRedis: Self {
        .enabled(if: Programs.find("redis-server") != nil || Servers.areRequired, "redis-server is not installed")
    }

    /// Runs the test if Postgres is installed, or if servers are required: then it fails without it.
    package static var needsPrivatePostgres: Self {
        .enabled(if: Programs.find("initdb") != nil || Servers.areRequired, "Postgres is not installed")
    }
}
