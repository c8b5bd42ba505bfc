import Foundation
import Testing

/// Feeds a parser with inputs until its time is over: no crash, no hang, and whatever the body expects.
///
/// Bounded by default; `TENURE_FUZZ_SECONDS` gives each parser longer, and `TENURE_FUZZ_SEED` another seed than 1 (both
/// set by `scripts/fuzz`). The input at work is in a file, which is left behind by a crash: its name tells the parser,
/// its first line the seed.
struct Fuzz {
    /// One input may take so long; a debug build is slow.
    private static let slowest = Duration.seconds(5)
    private static let shortRun = Duration.milliseconds(700)
    private static let shortCount = 4_000

    let name: String
    let seed: UInt64

    init(_ name: String) {
        self.name = name
        let given = ProcessInfo.processInfo.environment["TENURE_FUZZ_SEED"].flatMap(UInt64.init)
        self.seed = given ?? 1
    }

    private var seconds: Double? { ProcessInfo.processInfo.environment["TENURE_FUZZ_SECONDS"].flatMap(Double.init) }

    /// Feeds a body.
    ///
    /// - Parameter body: Whether the input was accepted. What it throws is an answer that nobody expected.
    func run(_ corpus: [String], tokens: [String] = [], _ body: (String) throws -> Bool) throws {
        let folder = ProcessInfo.processInfo.environment["TENURE_FUZZ_FOLDER"] ?? NSTemporaryDirectory()
        let path = folder + "/fuzz-\(self.name)-\(ProcessInfo.processInfo.processIdentifier).input"
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CocoaError(.fileWriteUnknown) }
        defer { try? FileManager.default.removeItem(atPath: path) }
        var mutator = Mutator(corpus: corpus, tokens: tokens, seed: self.seed)
        let clock = ContinuousClock()
        let end = clock.now + (self.seconds.map { .milliseconds(Int64($0 * 1_000)) } ?? Self.shortRun)
        var count = 0
        var accepted = 0
        while clock.now < end, self.seconds != nil || count < Self.shortCount {
            let input = mutator.next()
            try file.truncate(atOffset: 0)
            try file.write(contentsOf: Data("seed \(self.seed)\n\(input)".utf8))
            let start = clock.now
            do {
                if try body(input) { accepted += 1 }
            } catch {
                Issue.record("\(self.name), seed \(self.seed), input \(Self.shown(input)): \(error)")
                return
            }
            let time = start.duration(to: clock.now)
            #expect(time < Self.slowest, "\(self.name), seed \(self.seed): \(time) for \(Self.shown(input))")
            count += 1
        }
        // A parser that takes nothing, or everything, is not being tested.
        #expect(accepted > 0 && accepted < count, "\(self.name), seed \(self.seed): \(accepted) of \(count) accepted")
        if self.seconds != nil {
            let line = "fuzz \(self.name): seed \(self.seed), \(count) inputs, \(accepted) accepted\n"
            FileHandle.standardError.write(Data(line.utf8))
        }
    }

    private static func shown(_ input: String) -> String { String(reflecting: String(input.prefix(500))) }

    /// Fails unless an error tells something, in a bounded number of words.
    static func expectClear(_ description: String, about input: String) {
        #expect(!description.isEmpty)
        #expect(
            description.utf8.count < 2_000 + 8 * input.utf8.count,
            "\(description.prefix(200))… for an input of \(input.utf8.count) bytes"
        )
    }
}
