/// A Swift file with what is code told from what is comment, line by line; literals are emptied.
///
/// No parser: it knows comments, strings of all forms and interpolation, which is enough to look for words in code.
struct SwiftText {
    private(set) var code: [String] = [""]
    private(set) var comments: [String] = [""]

    private enum Context {
        /// With the depth of open parentheses, when it is an interpolation.
        case code(depth: Int?)
        case string(hashes: Int, isMultiline: Bool)
        case lineComment
        case blockComment(depth: Int)
    }

    private var stack: [Context] = [.code(depth: nil)]

    init(_ text: String) {
        let characters = Array(text)
        var index = 0
        while index < characters.count {
            let character = characters[index]
            if character == "\n" { self.endLine() }
            switch self.stack[self.stack.count - 1] {
            case .code(let depth): index = self.readCode(characters, at: index, depth: depth)
            case .string(let hashes, let isMultiline):
                index = self.readString(characters, at: index, hashes: hashes, isMultiline: isMultiline)
            case .lineComment:
                if character != "\n" { self.comments[self.comments.count - 1].append(character) }
                index += 1
            case .blockComment(let depth): index = self.readBlockComment(characters, at: index, depth: depth)
            }
        }
    }

    private mutating func endLine() {
        self.code.append("")
        self.comments.append("")
        if case .lineComment = self.stack[self.stack.count - 1] { self.stack.removeLast() }
    }

    private mutating func readCode(_ text: [Character], at index: Int, depth: Int?) -> Int {
        let top = self.stack.count - 1
        switch text[index] {
        case "\n":
            return index + 1
        case "/" where Self.has("//", in: text, at: index):
            self.stack.append(.lineComment)
            return index + 2
        case "/" where Self.has("/*", in: text, at: index):
            self.stack.append(.blockComment(depth: 1))
            return index + 2
        case "\"", "#":
            let hashes = text[index...].prefix { $0 == "#" }.count
            guard Self.has("\"", in: text, at: index + hashes) else { break }
            let isMultiline = Self.has("\"\"\"", in: text, at: index + hashes)
            self.append("\"")
            self.stack.append(.string(hashes: hashes, isMultiline: isMultiline))
            return index + hashes + (isMultiline ? 3 : 1)
        case "(" where depth != nil:
            self.stack[top] = .code(depth: (depth ?? 0) + 1)
        case ")" where depth == 0:
            self.stack.removeLast()
            return index + 1
        case ")" where depth != nil:
            self.stack[top] = .code(depth: (depth ?? 0) - 1)
        default:
            break
        }
        self.append(text[index])
        return index + 1
    }

    private mutating func readString(_ text: [Character], at index: Int, hashes: Int, isMultiline: Bool) -> Int {
        let marks = String(repeating: "#", count: hashes)
        let end = (isMultiline ? "\"\"\"" : "\"") + marks
        if Self.has(end, in: text, at: index) {
            self.append("\"")
            self.stack.removeLast()
            return index + end.count
        }
        guard Self.has("\\" + marks, in: text, at: index) else { return index + 1 }
        let escaped = index + 1 + hashes
        if Self.has("(", in: text, at: escaped) {
            self.stack.append(.code(depth: 0))
            return escaped + 1
        }
        // A line that is continued ends all the same.
        return Self.has("\n", in: text, at: escaped) ? escaped : escaped + 1
    }

    private mutating func readBlockComment(_ text: [Character], at index: Int, depth: Int) -> Int {
        let top = self.stack.count - 1
        if Self.has("/*", in: text, at: index) {
            self.stack[top] = .blockComment(depth: depth + 1)
            return index + 2
        }
        if Self.has("*/", in: text, at: index) {
            if depth == 1 { self.stack.removeLast() } else { self.stack[top] = .blockComment(depth: depth - 1) }
            return index + 2
        }
        if text[index] != "\n" { self.comments[self.comments.count - 1].append(text[index]) }
        return index + 1
    }

    private mutating func append(_ character: Character) {
        self.code[self.code.count - 1].append(character)
    }

    private static func has(_ wanted: String, in text: [Character], at index: Int) -> Bool {
        index + wanted.count <= text.count && text[index..<(index + wanted.count)].elementsEqual(wanted)
    }

    // MARK: Questions

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
}
