import Testing

@Suite("Sizes")
struct SizeTests {
    private static func lineLimit(_ file: SourceFile) -> Int { file.path.hasPrefix("Tests/") ? 800 : 600 }

    @Test("Files are short: at most 600 lines, tests 800")
    func files() {
        let long = SourceTree.swift.filter { $0.lines.count > Self.lineLimit($0) }

        #expect(long.map { "\($0.path) has \($0.lines.count) lines: split it by purpose" } == [])
    }

    @Test("Lines are at most 120 characters long")
    func lines() {
        let long = SourceTree.swift.flatMap { file in
            file.lines.enumerated().compactMap { number, line in
                line.count > 120 ? "\(file.path):\(number + 1) has \(line.count) characters: break it" : nil
            }
        }

        #expect(long == [])
    }

    @Test("The median of the sources stays below 200 lines")
    func median() throws {
        let counts = SourceTree.sources.map(\.lines.count).sorted()

        let median = try #require(counts.isEmpty ? nil : counts[counts.count / 2])
        #expect(median < 200)
    }
}
