internal import Foundation

extension PostgresTarget {
    /// Follows `env:VARIABLE` and `file:PATH`; any other text is a connection string already.
    ///
    /// - Returns: The connection string. It may hold a password: keep it out of logs and of Redis.
    /// - Throws: ``PostgresError`` with `.invalidTarget` if the variable or the file does not exist or is empty.
    package static func resolve(
        _ reference: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(PostgresError) -> String {
        let text: String
        if reference.hasPrefix("env:") {
            let name = String(reference.dropFirst(4))
            guard let value = environment[name] else { throw .invalidTarget("no environment variable \(name)") }
            text = value
        } else if reference.hasPrefix("file:") {
            let path = String(reference.dropFirst(5))
            do {
                text = try String(contentsOfFile: path, encoding: .utf8)
            } catch {
                throw .invalidTarget("the file \(path) cannot be read")
            }
        } else {
            return reference
        }
        let string = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !string.isEmpty else { throw .invalidTarget("\(reference) is empty") }
        return string
    }

    /// Parses a connection string or follows a reference to one.
    ///
    /// - Throws: ``PostgresError`` with `.invalidTarget`.
    package init(reference: String) throws(PostgresError) {
        try self.init(Self.resolve(reference))
    }
}
