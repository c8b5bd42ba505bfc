import PostgresStore
import Testing

@Suite("Schema names")
struct SchemaNameTests {
    @Test(
        "Letters, digits and underscores are accepted",
        arguments: ["tenure", "Tenant_1", "_", String(repeating: "a", count: 48)]
    )
    func accepted(_ text: String) {
        #expect(SchemaName(text)?.description == text)
    }

    @Test(
        "Everything else is refused",
        arguments: ["", "a-b", "a b", "a\"b", "ä", "a.b", String(repeating: "a", count: 49)]
    )
    func refused(_ text: String) {
        #expect(SchemaName(text) == nil)
    }
}
