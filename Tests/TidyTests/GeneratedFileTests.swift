import Foundation
import Testing

@Suite("Generated files")
struct GeneratedFileTests {
    /// A generated file, and what it is made of.
    struct Pair: Sendable, CustomTestStringConvertible {
        let folder: String
        let pathExtension: String
        let generated: String

        var testDescription: String { self.generated }
    }

    /// One constant of a generated file.
    struct Constant: Equatable {
        let file: String
        let sha256: String
        let source: String
    }

    static let pairs = [
        Pair(
            folder: "Sources/RedisCoordination/Scripts",
            pathExtension: "lua",
            generated: "Sources/RedisCoordination/Generated/LuaScripts.swift"
        ),
        Pair(
            folder: "Sources/PostgresStore/Migrations",
            pathExtension: "sql",
            generated: "Sources/PostgresStore/Generated/Migrations.swift"
        ),
        Pair(
            folder: "Sources/PostgresStore/Migrations/Registry",
            pathExtension: "sql",
            generated: "Sources/PostgresStore/Generated/RegistryMigrations.swift"
        ),
        Pair(
            folder: "Sources/PostgresStore/Statements",
            pathExtension: "sql",
            generated: "Sources/PostgresStore/Generated/Statements.swift"
        ),
    ]

    /// The constants of a generated file, read as text.
    static func constants(in text: String) -> [Constant] {
        let start = "    /// The contents of `"
        return text.components(separatedBy: start).dropFirst().compactMap { part in
            guard let file = part.firstIndex(of: "`").map({ String(part[..<$0]) }),
                let sha256 = part.firstMatch(of: /sha256: "([0-9a-f]{64})"/)?.1,
                let begin = part.range(of: "source: #\"\"\"\n"),
                let end = part.range(of: "\n\"\"\"#)", range: begin.upperBound..<part.endIndex)
            else { return nil }
            return Constant(
                file: file,
                sha256: String(sha256),
                source: String(part[begin.upperBound..<end.lowerBound])
            )
        }
    }

    @Test("Every constant holds its file byte for byte, and every file has its constant", arguments: Self.pairs)
    func drift(_ pair: Pair) throws {
        let files = try SourceTree.folder(pair.folder, pair.pathExtension)
        let constants = Self.constants(in: try SourceTree.file(pair.generated).text)

        #expect(!files.isEmpty)
        #expect(constants.map(\.file) == files.map(\.name), "run scripts/generate")
        for (file, constant) in zip(files, constants) {
            #expect(constant.source == file.text, "\(file.path) was changed: run scripts/generate")
            #expect(constant.sha256 == SHA256.hex(of: Array(file.text.utf8)), "\(file.path): run scripts/generate")
        }
    }

    @Test("A constant that differs is told from one that does not")
    func works() {
        func text(_ source: String) -> String {
            """
            package enum A {
                /// The contents of `a.sql`.
                package static let a = Statement(
                    sha256: "\(String(repeating: "0", count: 64))",
                    source: #\"\"\"
            \(source)
            \"\"\"#)
            }
            """
        }

        #expect(Self.constants(in: text("SELECT 1\n")).map(\.source) == ["SELECT 1\n"])
        #expect(Self.constants(in: text("SELECT 2\n")).map(\.source) == ["SELECT 2\n"])
        #expect(Self.constants(in: text("SELECT 1\n")).map(\.file) == ["a.sql"])
    }

    @Test(
        "The hash is SHA-256",
        arguments: zip(
            ["", "abc", String(repeating: "a", count: 119)],
            [
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb",
            ]
        )
    )
    func hash(_ text: String, _ expected: String) {
        #expect(SHA256.hex(of: Array(text.utf8)) == expected)
    }
}
