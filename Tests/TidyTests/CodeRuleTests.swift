import Testing

@Suite("Rules for code")
struct CodeRuleTests {
    @Test("The tree keeps the rule", arguments: CodeRule.all)
    func kept(_ rule: CodeRule) {
        #expect(SourceTree.swift.contains { rule.concerns($0) })
        let violations = SourceTree.swift.flatMap { rule.violations(in: $0) }

        #expect(violations == [])
    }

    @Test("The rule finds what it forbids, and not in comments and strings", arguments: CodeRule.all)
    func works(_ rule: CodeRule) throws {
        let path = try #require(
            ["Sources/TenureCore/ThingMachine.swift", "Tests/TenureCoreTests/ThingMachine.swift"]
                .first { rule.concerns(SourceFile(path: $0, text: "")) }
        )
        func violations(_ text: String) -> Int { rule.violations(in: SourceFile(path: path, text: text)).count }

        #expect(violations("struct A {}\n\n\(rule.example)\n") == 1)
        #expect(violations("// \(rule.example)\n/* \(rule.example) */\n") == 0)
        #expect(violations("let text = \"\"\"\n    \(rule.example)\n    \"\"\"\n") == 0)
    }

    @Test("The reason in the comment above is accepted, one further up is not")
    func reasons() throws {
        let rule = try #require(CodeRule.all.first { $0.name == "an unstructured task" })
        func violations(_ text: String) -> Int {
            rule.violations(in: SourceFile(path: "Sources/Tenure/A.swift", text: text)).count
        }

        #expect(violations("// SHIELD: it has to end\n// in any case.\nTask { await end() }") == 0)
        #expect(violations("Task { await end() }  // SHIELD: it has to end.") == 0)
        #expect(violations("// SHIELD: it has to end.\nlet other = 1\nTask { await end() }") == 1)
        #expect(violations("group.addTask { await end() }") == 0)
    }

    @Test("Code is told from comments and strings, also within interpolation")
    func swiftText() {
        let text = SwiftText(
            ##"""
            let a = "x // y \(b("z", (1)) /* c */ + d) w" // e
            let f = #"g "h" \n \#(i)"# /* j /* k */
            l */ + m
            """##
        )

        #expect(text.code == [#"let a = "b("", (1))  + d" "#, #"let f = "i" "#, " + m"])
        #expect(text.comments == [" c  e", " j  k ", "l "])
    }
}
