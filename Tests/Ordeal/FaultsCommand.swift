internal import ArgumentParser
internal import Foundation
internal import Ordeals

/// `scripts/chaos`
struct FaultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faults",
        abstract: "Runs cells: a cluster under load suffers one fault each, and is judged by its databases.",
        discussion: """
            Examples:
              scripts/chaos list
              scripts/chaos kill-leader redis-flush
              scripts/chaos all --seed 7
            """
    )

    @Argument(help: "Names of cells; 'all' for every one; 'list' shows them.")
    var cells: [String]

    @Option(help: "What is left to chance follows from this number.")
    var seed: UInt64 = 1

    @Option(help: "How long a fault lasts, in seconds, in place of what each cell says.")
    var seconds: Int?

    func run() async throws {
        if self.cells == ["list"] {
            for cell in FaultCell.all {
                print("\(cell.name.padding(toLength: 26, withPad: " ", startingAt: 0))\(cell.summary)")
            }
            return
        }
        let chosen = try self.chosen()
        print(FaultReport.head)
        var isGreen = true
        for cell in chosen {
            do {
                let length = self.seconds.map { Duration.seconds($0) }
                let report = try await FaultTrial.run(cell, seed: self.seed, length: length)
                print(report.row)
                try Self.keep(report)
                for problem in report.problems { print("  \(cell.name): \(problem)") }
                if !report.isGreen {
                    isGreen = false
                    print("  what the nodes said: \(Self.log(of: cell.name).relativePath)")
                }
            } catch let impossible as FaultCell.Impossible {
                print("\(cell.name): not tried: \(impossible)")
            }
            fflush(nil)
        }
        if !isGreen { throw ExitCode(1) }
    }

    private static func log(of cell: String) -> URL { URL(filePath: ".build/ordeals/\(cell).log") }

    /// Writes what nodes said into a file.
    private static func keep(_ report: FaultReport) throws {
        let file = Self.log(of: report.cell)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try report.timeline.write(to: file, atomically: true, encoding: .utf8)
    }

    private func chosen() throws -> [FaultCell] {
        if self.cells == ["all"] { return FaultCell.all }
        return try self.cells.map { name in
            guard let cell = FaultCell.named(name) else {
                throw ValidationError("there is no cell '\(name)'; 'list' shows those that there are")
            }
            return cell
        }
    }
}
