/// Makes inputs from good ones: by mutation, by splicing two, and from nothing.
struct Mutator {
    /// Good inputs.
    let corpus: [String]
    /// What parsers of this kind look for.
    let tokens: [String]
    private var random: SeededGenerator

    private static let extremes = [
        "", "0", "-1", "00", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e999", "nan",
        "inf",
        "0x10", "\u{0}", "\u{7F}", "\u{FEFF}", "\u{202E}", "é", "e\u{301}", "👩‍👩‍👧‍👦",
        "\r\n", "\t", "\"", "\\", "\\u0000",
        "\\ud800", "%", "%00", "%zz", "{", "}", "[", "]", ":", ",", "&", "*", "!!", "&a [*a]", "<<", "---", "null",
        "true",
        "~", "$(x)", "../../..", String(repeating: "9", count: 400), String(repeating: "[", count: 300),
        String(repeating: "a", count: 5_000),
    ]

    init(corpus: [String], tokens: [String] = [], seed: UInt64) {
        self.corpus = corpus
        self.tokens = tokens + Self.extremes
        self.random = SeededGenerator(seed: seed)
    }

    /// The next input; bytes that are no UTF-8 come as replacement characters.
    mutating func next() -> String {
        // Some are left as they are, so that what follows the parser is reached too.
        if Int.random(in: 0..<10, using: &self.random) == 0 { return self.pick(self.corpus) }
        var bytes = Int.random(in: 0..<20, using: &self.random) == 0 ? [] : Array(self.pick(self.corpus).utf8)
        for _ in 0...Int.random(in: 0..<6, using: &self.random) { self.mutate(&bytes) }
        return String(decoding: bytes.prefix(20_000), as: UTF8.self)
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &self.random)
        let end = min(bytes.count, place + Int.random(in: 0..<9, using: &self.random))
        switch Int.random(in: 0..<8, using: &self.random) {
        case 0: bytes.insert(UInt8.random(in: 0...255, using: &self.random), at: place)
        case 1: bytes.removeSubrange(place..<end)
        case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 3: bytes.replaceSubrange(place..<end, with: Array(self.pick(self.tokens).utf8))
        case 4: bytes.insert(contentsOf: Array(self.pick(self.tokens).utf8), at: place)
        case 5 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self.random)
        case 6:
            let other = Array(self.pick(self.corpus).utf8)
            bytes.replaceSubrange(place..., with: other.suffix(Int.random(in: 0...other.count, using: &self.random)))
        default: bytes.append(contentsOf: Array(self.pick(self.tokens).utf8))
        }
    }

    private mutating func pick(_ texts: [String]) -> String {
        texts.randomElement(using: &self.random) ?? ""
    }
}
