internal import CLibpq

/// One keyword of a connection string with its value.
struct ConnectionParameter: Sendable, Hashable {
    let keyword: String
    let value: String

    /// Lets libpq parse a URI or keyword string; only keywords that have a value are returned.
    static func parse(_ string: String) throws(PostgresError) -> [ConnectionParameter] {
        guard !string.utf8.contains(0) else { throw .invalidTarget("the connection string contains U+0000") }
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(string, &message)
        // libpq's message quotes the offending part of the string, which may be the password.
        if let message { PQfreemem(message) }
        guard let options else {
            throw .invalidTarget(
                "the connection string cannot be parsed: write a URI such as postgresql://host:5432/database, or "
                    + "keywords such as host=/run/postgresql dbname=database"
            )
        }
        defer { PQconninfoFree(options) }
        return Self.list(options)
    }

    /// What libpq takes from the environment and its defaults.
    static func defaults() -> [ConnectionParameter] {
        guard let options = PQconndefaults() else { return [] }
        defer { PQconninfoFree(options) }
        return Self.list(options)
    }

    private static func list(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [ConnectionParameter] {
        var parameters: [ConnectionParameter] = []
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                parameters.append(ConnectionParameter(keyword: String(cString: keyword), value: String(cString: value)))
            }
            option += 1
        }
        return parameters
    }
}
