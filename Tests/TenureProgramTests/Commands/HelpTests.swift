import ArgumentParser
import Testing

@testable import tenure

/// Every command's help, as the parser of arguments has it.
@Suite("Help")
struct HelpTests {
    /// All commands by their words, groups included.
    private static let commands = HelpTests.commands(under: Program.self, path: [])

    private static func commands(
        under command: any ParsableCommand.Type,
        path: [String]
    ) -> [(path: [String], configuration: CommandConfiguration)] {
        [(path, command.configuration)]
            + command.configuration.subcommands.flatMap { child in
                self.commands(under: child, path: path + [child.configuration.commandName ?? ""])
            }
    }

    /// The example lines of a discussion.
    private static func examples(_ configuration: CommandConfiguration) -> [String] {
        let lines = configuration.discussion.split(separator: "\n").map { $0.drop { $0 == " " } }
        guard let heading = lines.firstIndex(where: { $0 == "Example:" || $0 == "Examples:" }) else { return [] }
        return lines[(heading + 1)...].map(String.init)
    }

    /// The words of a line, as a shell would see them, without the variables in front.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        var quote: Character?
        var isInWord = false
        for character in line {
            if let open = quote {
                if character == open { quote = nil } else { words[words.count - 1].append(character) }
            } else if character == " " {
                isInWord = false
            } else {
                if !isInWord { words.append("") }
                isInWord = true
                if character == "\"" || character == "'" {
                    quote = character
                } else {
                    words[words.count - 1].append(character)
                }
            }
        }
        return Array(words.drop { $0.hasPrefix("TENURE_") })
    }

    @Test("Every command, and every group of commands, explains itself with an example of it")
    func examples() {
        #expect(Self.commands.count > 50)
        for (path, configuration) in Self.commands {
            let beginning = (["tenure"] + path).joined(separator: " ")
            let examples = Self.examples(configuration)
            #expect(!configuration.abstract.isEmpty, "\(beginning)")
            #expect(examples.contains { $0.contains(beginning) }, "\(beginning)")
        }
    }

    @Test("Every example can be parsed, and is one of the command itself")
    func parsing() throws {
        for (path, configuration) in Self.commands {
            for example in Self.examples(configuration) {
                let words = Self.words(example)
                #expect(words.first == "tenure", "\(example)")
                #expect(Array(words.dropFirst().prefix(path.count)) == path, "\(example)")
                #expect(throws: Never.self, "\(example)") { try Program.parseAsRoot(Array(words.dropFirst())) }
            }
        }
    }

    @Test("Commands that answer with a value do so for an error, too; the others run on")
    func reporting() {
        func types(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
            let children = command.configuration.subcommands
            return children.isEmpty ? [command] : children.flatMap(types)
        }
        let others = types(Program.self).filter { !($0 is any ReportingCommand.Type) }

        #expect(others.map { String(describing: $0) }.sorted() == ["ClusterEventsCommand", "NodeCommand"])
    }
}
