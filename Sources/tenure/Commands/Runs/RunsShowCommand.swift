internal import ArgumentParser
internal import Tenure

/// `tenure runs show`
struct RunsShowCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a run: its attempts, and what is still to come.",
        discussion: """
            Example:
              tenure runs show 4711 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The run's ID.")
    var id: WorkID

    private static func text(_ work: WorkInfo?, _ attempts: [RunInfo], _ progress: String?) -> [String] {
        var lines = work.map { TextTable.lines(entriesOf: .work($0)) } ?? []
        if let progress { lines.append("progress  \(progress)") }
        if !attempts.isEmpty {
            let columns = [
                "attempt", "state", "started_at", "finished_at", "node", "epoch", "reason", "error", "progress",
                "output",
            ]
            lines += (lines.isEmpty ? [] : [""]) + TextTable.lines(attempts.map(JSON.run), columns: columns)
        }
        return lines
    }

    func run() async throws {
        let (work, attempts, progress) = try await self.scope.withClient(self.global) { client in
            (try await client.work(self.id), try await client.runs(of: self.id), try await client.progress(of: self.id))
        }
        guard work != nil || !attempts.isEmpty else { throw Failure(.failed, "there is no run \(self.id)") }
        let object: JSON = .object([
            "run_id": .integer(self.id.value),
            "state": .string(work?.state ?? attempts.first?.state ?? ""),
            "progress": (progress ?? attempts.first?.progress).map(JSON.raw) ?? .null,
            "work": work.map(JSON.work) ?? .null,
            "attempts": .array(attempts.map(JSON.run)),
        ])
        self.global.results.result(object, text: Self.text(work, attempts, progress))
    }
}
