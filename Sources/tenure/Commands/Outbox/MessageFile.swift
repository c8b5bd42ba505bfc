internal import Foundation
internal import Glibc
internal import Tenure

/// A file of messages, one JSON object a line, read a step at a time.
final class MessageFile {
    /// Messages in one transaction.
    static let step = 1_000

    private let file: UnsafeMutablePointer<FILE>
    private let path: String
    private let topic: String?
    /// Lines that have been read.
    private(set) var lineCount = 0

    /// - Parameters:
    ///   - path: The file; `-` for standard input.
    ///   - topic: Of lines that name none.
    init(_ path: String, topic: String?) throws {
        guard let file = path == "-" ? fdopen(dup(STDIN_FILENO), "r") : fopen(path, "r") else {
            throw Failure(.usage, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        self.file = file
        self.path = path
        self.topic = topic
    }

    deinit {
        fclose(self.file)
    }

    /// Passes over lines.
    func skip(_ count: Int) throws {
        for _ in 0..<count where self.readLine() == nil {
            throw Failure(
                .usage,
                "\(self.path) has only \(self.lineCount) lines: there is nothing after --skip \(count)"
            )
        }
    }

    /// The messages of the next lines, at most so many; empty lines count for nothing.
    func next(_ limit: Int) throws -> [Message] {
        var messages: [Message] = []
        while messages.count < limit, let line = self.readLine() {
            if line.allSatisfy(\.isWhitespace) { continue }
            messages.append(try self.message(line))
        }
        return messages
    }

    private func message(_ line: String) throws -> Message {
        func fail(_ what: String) -> Failure { Failure(.usage, "\(self.path), line \(self.lineCount): \(what)") }
        let value = try? JSONSerialization.jsonObject(with: Data(line.utf8))  // What it is not is said below.
        guard let object = value as? [String: Any] else { throw fail("this is no JSON object") }
        let known = ["topic", "payload", "unique_key", "ordering_key"]
        if let key = object.keys.sorted().first(where: { !known.contains($0) }) {
            throw fail("the key '\(key)' is not known: use \(known.joined(separator: ", "))")
        }
        func text(_ key: String) throws -> String? {
            guard let value = object[key], !(value is NSNull) else { return nil }
            guard let text = value as? String else { throw fail("\(key) takes a string") }
            return text
        }
        guard let topic = try text("topic") ?? self.topic else {
            throw fail("it has no topic, and there is no --topic")
        }
        var payload = "{}"
        if let value = object["payload"] {
            let data = try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
            payload = String(decoding: data, as: UTF8.self)
        }
        return Message(
            topic,
            payload: payload,
            uniqueKey: try text("unique_key"),
            orderingKey: try text("ordering_key")
        )
    }

    private func readLine() -> String? {
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        let length = getline(&line, &capacity, self.file)
        guard length >= 0, let line else { return nil }
        self.lineCount += 1
        let bytes = UnsafeRawBufferPointer(start: line, count: length)
        return String(decoding: bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }
}
