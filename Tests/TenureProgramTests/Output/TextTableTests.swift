import Testing

@testable import tenure

@Suite("TextTable")
struct TextTableTests {
    @Test("Columns line up, numbers stand to the right, and what is absent is a dash")
    func lines() {
        let rows: [JSON] = [
            .object(["id": "acme", "lag_ms": .integer(5), "labels": .object(["a": "1", "b": "2"])]),
            .object(["id": "b", "lag_ms": .integer(1_200), "labels": .null]),
        ]

        #expect(
            TextTable.lines(rows, columns: ["id", "lag_ms", "labels"]) == [
                "ID    LAG MS  LABELS",
                "acme       5  a=1,b=2",
                "b       1200  -",
            ]
        )
    }
}
