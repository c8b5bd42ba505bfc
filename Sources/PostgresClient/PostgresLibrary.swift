internal import CLibpq

/// The library that speaks with Postgres.
package enum PostgresLibrary {
    /// Its version, such as `15.4`.
    package static var version: String {
        let number = PQlibVersion()
        return "\(number / 10_000).\(number % 10_000)"
    }
}
