import Testing

@Suite("Words")
struct WordTests {
    /// A mark that must not stay in a text, with what to do about it. Written in parts, or this file would be found.
    private static var marks: [(pattern: Regex<Substring>, instead: String)] {
        [
            (#/\bFIX[M]E\b|\bTO[D]O\b|\bXX[X]\b/#, "do it, or leave it out"),
            (#/(?:^|[^\w.])/(?:wor[k]|roo[t]|hom[e]|User[s])/\w|/tm[p]/h/#, "use a path relative to the package"),
            (#/\b(?:issu[e]|ticke[t]) #?\d+\b/#.ignoresCase(), "say what it is about"),
            (#/\b(?:co-authored-b[y]|language mode[l]|claud[e]|chatgp[t]|copilo[t])\b/#.ignoresCase(), "leave it out"),
        ]
    }

    private static func violations(in file: SourceFile) -> [String] {
        let marks = Self.marks
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
        arguments: ["// FIX" + "ME later", "TO" + "DO", "see /wor" + "k/main", "cd /hom" + "e/me", "fixes issu" + "e #12"]
    )
    func works(_ line: String) {
        #expect(Self.violations(in: SourceFile(path: "README.md", text: line)).count == 1)
    }

    @Test("Words that only look like them are left alone", arguments: ["the work/life", "a/work/b", "issues", "mastodon"])
    func leavesAlone(_ line: String) {
        #expect(Self.violations(in: SourceFile(path: "README.md", text: line)) == [])
    }
}
