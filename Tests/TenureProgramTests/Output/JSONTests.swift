import Foundation
import Testing

@testable import tenure

@Suite("JSON")
struct JSONTests {
    private let value: JSON = .object([
        "text": "a\"\\\n\u{1}é🙂/",
        "integer": .integer(-3),
        "number": .number(2.5),
        "whole": .number(2),
        "none": .null,
        "not_a_number": .number(.nan),
        "raw": .raw(#"{"n":1}"#),
        "list": .array([.boolean(true), .array([])]),
    ])

    @Test("Keys keep their order, and everything is escaped")
    func text() {
        #expect(
            self.value.text
                == #"{"text":"a\"\\\n\u0001é🙂/","integer":-3,"number":2.5,"whole":2,"none":null,"not_a_number":null,"#
                + #""raw":{"n":1},"list":[true,[]]}"#
        )
    }

    @Test("The form for people says the same")
    func prettyText() throws {
        let plain = try JSONSerialization.jsonObject(with: Data(self.value.text.utf8)) as? NSDictionary
        let pretty = try JSONSerialization.jsonObject(with: Data(self.value.prettyText.utf8)) as? NSDictionary

        #expect(plain != nil)
        #expect(plain == pretty)
        #expect(self.value.prettyText.hasPrefix("{\n  \"text\": "))
    }
}
