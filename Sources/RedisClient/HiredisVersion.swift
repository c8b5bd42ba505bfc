internal import CHiredis

/// The version of the hiredis headers that the program was built with.
let hiredisVersion = "\(HIREDIS_MAJOR).\(HIREDIS_MINOR).\(HIREDIS_PATCH)"

/// The library that speaks with Redis.
package enum RedisLibrary {
    /// Its version.
    package static var version: String { hiredisVersion }
}
