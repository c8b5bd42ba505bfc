/// A Swift file with what is code told from what is comment, line by line; literals are emptied.
///
/// No parser: it knows comments, strings of all forms and interpolation, which is enough to look for words in code.
struct SwiftText: Sendable {
    private(set) var code: [String] = []
    private(set) var comments: [String] = []

    init(_ text: String) {
        var reader = Reader(text: Array(text.utf8))
        reader.read()
        self.code = reader.code.map { String(decoding: $0, as: UTF8.self) }
        self.comments = reader.comments.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether a line holds nothing but a comment.
    private func isComment(_ line: Int) -> Bool {
        self.code[line].allSatisfy(\.isWhitespace) && !self.comments[line].isEmpty
    }

    /// The comment on a line, and the block of comments right above it.
    func comment(at line: Int) -> String {
        var parts = [self.comments[line]]
        var above = line - 1
        while above >= 0, self.isComment(above) {
            parts.append(self.comments[above])
            above -= 1
        }
        return parts.joined(separator: "\n")
    }

    /// The block of comments right below a line.
    func comment(below line: Int) -> String {
        self.comments.indices.dropFirst(line + 1).prefix { self.isComment($0) }.map { self.comments[$0] }
            .joined(separator: "\n")
    }
}

/// Goes through a file byte by byte.
private struct Reader {
    enum Context {
        /// With the depth of open parentheses, when it is an interpolation.
        case code(depth: Int?)
        case string(hashes: Int, isMultiline: Bool)
        case lineComment
        case blockComment(depth: Int)
    }

    let text: [UInt8]
    private(set) var code: [[UInt8]] = [[]]
    private(set) var comments: [[UInt8]] = [[]]
    private var stack: [Context] = [.code(depth: nil)]
    private var index = 0

    private static let newline = UInt8(ascii: "\n")
    private static let quote = UInt8(ascii: "\"")
    private static let hash = UInt8(ascii: "#")
    private static let slash = UInt8(ascii: "/")
    private static let star = UInt8(ascii: "*")

    init(text: [UInt8]) {
        self.text = text
    }

    mutating func read() {
        while self.index < self.text.count {
            if self.text[self.index] == Self.newline { self.endLine() }
            switch self.stack[self.stack.count - 1] {
            case .code(let depth): self.readCode(depth: depth)
            case .string(let hashes, let isMultiline): self.readString(hashes: hashes, isMultiline: isMultiline)
            case .lineComment: self.readComment()
            case .blockComment(let depth): self.readBlockComment(depth: depth)
            }
        }
    }

    private mutating func endLine() {
        self.code.append([])
        self.comments.append([])
        if case .lineComment = self.stack[self.stack.count - 1] { self.stack.removeLast() }
    }

    /// The next index at which there is one of these bytes.
    private func index(of wanted: StaticString) -> Int {
        let start = self.index
        return self.text.withUnsafeBufferPointer { text in
            wanted.withUTF8Buffer { wanted in
                var index = start
                while index < text.count, !wanted.contains(text[index]) { index += 1 }
                return index
            }
        }
    }

    private mutating func readCode(depth: Int?) {
        let end = self.index(of: "\n/\"#()")
        if end > self.index {
            self.code[self.code.count - 1] += self.text[self.index..<end]
            self.index = end
            return
        }
        let byte = self.text[self.index]
        switch byte {
        case Self.newline:
            self.index += 1
            return
        case Self.slash where self.has([Self.slash, Self.slash]):
            self.stack.append(.lineComment)
            self.index += 2
            return
        case Self.slash where self.has([Self.slash, Self.star]):
            self.stack.append(.blockComment(depth: 1))
            self.index += 2
            return
        case Self.quote, Self.hash:
            let hashes = self.text[self.index...].prefix { $0 == Self.hash }.count
            guard self.has([Self.quote], after: hashes) else { break }
            let isMultiline = self.has([Self.quote, Self.quote, Self.quote], after: hashes)
            self.code[self.code.count - 1].append(Self.quote)
            self.stack.append(.string(hashes: hashes, isMultiline: isMultiline))
            self.index += hashes + (isMultiline ? 3 : 1)
            return
        case UInt8(ascii: "(") where depth != nil:
            self.stack[self.stack.count - 1] = .code(depth: (depth ?? 0) + 1)
        case UInt8(ascii: ")") where depth == 0:
            self.stack.removeLast()
            self.index += 1
            return
        case UInt8(ascii: ")") where depth != nil:
            self.stack[self.stack.count - 1] = .code(depth: (depth ?? 0) - 1)
        default:
            break
        }
        self.code[self.code.count - 1].append(byte)
        self.index += 1
    }

    private mutating func readString(hashes: Int, isMultiline: Bool) {
        let marks = [UInt8](repeating: Self.hash, count: hashes)
        let end = [UInt8](repeating: Self.quote, count: isMultiline ? 3 : 1) + marks
        if self.has(end) {
            self.code[self.code.count - 1].append(Self.quote)
            self.stack.removeLast()
            self.index += end.count
            return
        }
        guard self.has([UInt8(ascii: "\\")] + marks) else {
            self.index += 1
            // A line break is left to be counted.
            self.index = self.index(of: "\n\"\\")
            return
        }
        self.index += 1 + hashes
        if self.has([UInt8(ascii: "(")]) {
            self.stack.append(.code(depth: 0))
            self.index += 1
        } else if !self.has([Self.newline]) {
            // A line that is continued ends all the same.
            self.index += 1
        }
    }

    private mutating func readComment() {
        let end = self.index(of: "\n/*")
        if end > self.index {
            self.comments[self.comments.count - 1] += self.text[self.index..<end]
            self.index = end
            return
        }
        if self.text[self.index] != Self.newline {
            self.comments[self.comments.count - 1].append(self.text[self.index])
        }
        self.index += 1
    }

    private mutating func readBlockComment(depth: Int) {
        if self.has([Self.slash, Self.star]) {
            self.stack[self.stack.count - 1] = .blockComment(depth: depth + 1)
            self.index += 2
        } else if self.has([Self.star, Self.slash]) {
            if depth == 1 {
                self.stack.removeLast()
            } else {
                self.stack[self.stack.count - 1] = .blockComment(depth: depth - 1)
            }
            self.index += 2
        } else {
            self.readComment()
        }
    }

    private func has(_ wanted: [UInt8], after offset: Int = 0) -> Bool {
        let start = self.index + offset
        guard start + wanted.count <= self.text.count else { return false }
        return wanted.indices.allSatisfy { self.text[start + $0] == wanted[$0] }
    }
}
