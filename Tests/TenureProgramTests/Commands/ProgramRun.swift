import Foundation
import Testing

@testable import tenure

/// One run of the built program to its end.
struct ProgramRun: Sendable {
    /// The exit status; negative for a signal.
    let status: Int32
    /// Lines of standard output.
    let lines: [String]
    /// Standard error.
    let errors: String

    var output: String { self.lines.joined(separator: "\n") }

    /// Standard output as JSON.
    func json<Value>(_ type: Value.Type = Value.self) throws -> Value {
        let value = try JSONSerialization.jsonObject(with: Data(self.output.utf8), options: .fragmentsAllowed)
        return try #require(value as? Value)
    }

    /// Runs the program beside the tests with nothing of the tests' own settings in its environment.
    static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> ProgramRun {
        let log = FileManager.default.temporaryDirectory.appending(path: "program-\(UUID().uuidString).log").path
        defer { try? FileManager.default.removeItem(atPath: log) }
        var variables = ["REDIS_URL": "", "DATABASE_URL": ""]
        for name in SettingsCatalogue.definitions.flatMap(\.environment) { variables[name] = "" }
        let process = try await ManagedProcess.start(
            [try Self.path(of: "tenure")] + arguments,
            environment: variables.merging(environment) { $1 },
            log: log
        )
        var lines: [String] = []
        for await line in process.lines { lines.append(line) }
        let errors = try String(contentsOfFile: log, encoding: .utf8)
        switch await process.end() {
        case .exited(let status): return ProgramRun(status: status, lines: lines, errors: errors)
        case .signalled(let signal): return ProgramRun(status: -signal, lines: lines, errors: errors)
        }
    }

    /// Where a program is that was built with the tests.
    static func path(of name: String) throws -> String {
        if let path = ProcessInfo.processInfo.environment["TENURE_BINARY"], !path.isEmpty {
            return URL(filePath: path).deletingLastPathComponent().appending(path: name).path
        }
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: tests).deletingLastPathComponent().appending(path: name).path
    }
}
