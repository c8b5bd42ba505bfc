internal import Foundation

/// Finds installed programs.
package enum Programs {
    /// The path of a program: on `PATH`, or among Postgres's own directories, the newest version first.
    package static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
        return (directories + self.postgresDirectories).lazy
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// The path of a program.
    package static func require(_ name: String) throws -> String {
        guard let path = self.find(name) else { throw Servers.Missing(description: "\(name) is not installed") }
        return path
    }

    private static var postgresDirectories: [String] {
        let root = "/usr/lib/postgresql"
        // An absent directory means that Postgres is elsewhere or not installed, which `find` then tells.
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "\(root)/\($0)/bin" }
    }
}
