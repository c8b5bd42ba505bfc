/// A topic, or a prefix followed by `*`; likewise for keys.
package struct TopicPattern: Sendable, Hashable {
    private let prefix: String
    private let isPrefix: Bool

    package init(_ text: String) {
        self.isPrefix = text.hasSuffix("*")
        self.prefix = self.isPrefix ? String(text.dropLast()) : text
    }

    package func matches(_ topic: String) -> Bool {
        self.isPrefix ? topic.hasPrefix(self.prefix) : topic == self.prefix
    }
}
