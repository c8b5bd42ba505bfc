import Testing

@Suite("Words")
struct WordTests {
    /// Something that must not stay in a text, and what to do about it.
    private struct Mark {
        /// One of them is in each text that holds it, in lower case: most texts need no closer look.
        let hints: [String]
        let pattern: Regex<Substring>
        let instead: String
    }

    /// Written in parts, or this file would be found.
    private static var marks: [Mark] {
        [
            Mark(
                hints: ["fix" + "me", "to" + "do", "xx" + "x"],
                pattern: #/\bFIX[M]E\b|\bTO[D]O\b|\bXX[X]\b/#,
                instead: "do it, or leave it out"
            ),
            Mark(
                hints: ["/wor" + "k/", "/roo" + "t/", "/hom" + "e/", "/user" + "s/", "/tm" + "p/h/"],
                pattern: #/(?:^|[^\w.])/(?:wor[k]|roo[t]|hom[e]|User[s])/\w|/tm[p]/h/#,
                instead: "use a path relative to the package"
            ),
            Mark(
                hints: ["issu" + "e", "ticke" + "t"],
                pattern: #/\b(?:issu[e]|ticke[t]) #?\d+\b/#.ignoresCase(),
                instead: "say what it is about"
            ),
            Mark(
                hints: ["co-authored-b" + "y", "language mode" + "l", "claud" + "e", "chatgp" + "t", "copilo" + "t"],
                pattern: #/\b(?:co-authored-b[y]|language mode[l]|claud[e]|chatgp[t]|copilo[t])\b/#.ignoresCase(),
                instead: "leave it out"
            ),
        ]
    }

    private static func violations(in file: SourceFile) -> [String] {
        let text = file.text.lowercased()
        let marks = Self.marks.filter { mark in mark.hints.contains { text.contains($0) } }
        guard !marks.isEmpty else { return [] }
        return file.lines.enumerated().flatMap { number, line in
            marks.compactMap { mark in
                line.firstMatch(of: mark.pattern).map { "\(file.path):\(number + 1): '\($0.output)': \(mark.instead)" }
            }
        }
    }

    @Test("No text holds marks of unfinished work, paths of one machine, or words of a workplace")
    func texts() {
        #expect(SourceTree.texts.count > 100)
        #expect(SourceTree.texts.flatMap(Self.violations) == [])
    }

    @Test(
        "The rule finds what it forbids",
        arguments: [
            "// FIX" + "ME later", "TO" + "DO", "see /wor" + "k/main", "cd /hom" + "e/me", "fixes issu" + "e #12",
        ]
    )
    func works(_ line: String) {
        #expect(Self.violations(in: SourceFile(path: "README.md", text: line)).count == 1)
    }

    @Test(
        "Words that only look like them are left alone",
        arguments: ["the work/life", "a/work/b", "issues", "mastodon"]
    )
    func leavesAlone(_ line: String) {
        #expect(Self.violations(in: SourceFile(path: "README.md", text: line)) == [])
    }
}
