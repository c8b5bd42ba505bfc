import Testing

@testable import TenureCore

@Suite("Names")
struct NamesTests {
    private static let valid = ["a", "acme", "Node-1", "a.b_c-D9", "0", String(repeating: "x", count: 64)]
    private static let invalid = [
        "", " ", "a b", "a/b", "a:b", "{a}", "ä", "a\n", "a\0", "日本", String(repeating: "x", count: 65),
    ]

    @Test("Letters, digits, dots, underscores and hyphens, 1 to 64 of them", arguments: valid)
    func accepts(text: String) throws {
        #expect(try NodeID(text).description == text)
        #expect(try TenantID(text).description == text)
        #expect(try ClusterName(text).description == text)
    }

    @Test("Everything else is refused with its role and what is allowed", arguments: invalid)
    func refuses(text: String) {
        #expect(throws: InvalidName(role: "node ID", text: text)) { try NodeID(text) }
        #expect(throws: InvalidName(role: "tenant ID", text: text)) { try TenantID(text) }
        #expect(throws: InvalidName(role: "cluster name", text: text)) { try ClusterName(text) }
        #expect(
            InvalidName(role: "node ID", text: text).description.hasSuffix(
                "is not a valid node ID: use 1 to 64 letters, digits, dots, underscores or hyphens"
            )
        )
    }

    @Test("Names are ordered by their text")
    func order() {
        #expect(
            [node("b"), node("B"), node("a2"), node("a10")].sorted() == [
                node("B"), node("a10"), node("a2"), node("b"),
            ]
        )
    }
}
