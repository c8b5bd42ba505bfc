internal import ArgumentParser
internal import Foundation
internal import Tenure
internal import TenureCore

/// `tenure cluster events`
struct ClusterEventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Prints the event stream, one event a line.",
        discussion: """
            Examples:
              tenure cluster events
              tenure cluster events --follow
              tenure cluster events --since 1763701331123-0 --output json
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Go on with events as they come; without --since, with these only.")
    var follow = false

    @Option(help: ArgumentHelp("Only events after this one, by the ID that --output json shows.", valueName: "id"))
    var since: String?

    private func write(_ stored: StoredEvent) {
        switch self.global.output {
        case .text: StandardStreams.write(stored.event.text)
        case .json: StandardStreams.write("{\"id\":\"\(stored.id)\"," + stored.event.json.dropFirst())
        }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_DFL)
        try await self.global.withCluster { client in
            if self.follow {
                var start = self.since
                if start == nil { start = try await client.lastEventID() }
                for try await event in client.follow(after: start) { self.write(event) }
            } else {
                var last = self.since
                while true {
                    let page = try await client.events(after: last)
                    guard let end = page.last else { break }
                    for event in page { self.write(event) }
                    last = end.id
                }
            }
        }
    }
}
