import Testing

/// Something that code must not hold, and what to write instead.
struct CodeRule: Sendable, CustomTestStringConvertible {
    let name: String
    /// What to do instead.
    let instead: String
    /// Which files it is about.
    let concerns: @Sendable (SourceFile) -> Bool
    /// One of these texts is in every line it forbids: most files and lines need no closer look.
    let hints: [String]
    /// Whether a proof may also stand right below the line, as for a type whose only member needs it.
    var acceptsCommentBelow = false
    /// Whether a line is forbidden, by its code and the comments that belong to it.
    let forbids: @Sendable (_ code: String, _ comment: String) -> Bool
    /// A line that it must find, so that the rule is known to work.
    let example: String

    var testDescription: String { self.name }

    /// The forbidden lines of a file, one message each.
    func violations(in file: SourceFile) -> [String] {
        guard self.concerns(file) else { return [] }
        let hints = self.hints.filter { file.text.contains($0) }
        guard !hints.isEmpty else { return [] }
        let text = file.swiftText
        return text.code.indices.compactMap { line in
            guard hints.contains(where: { text.code[line].contains($0) }) else { return nil }
            let below = self.acceptsCommentBelow ? text.comment(below: line) : ""
            guard self.forbids(text.code[line], text.comment(at: line) + below) else { return nil }
            return "\(file.path):\(line + 1): \(self.name): \(self.instead)"
        }
    }
}

extension CodeRule {
    static let all: [CodeRule] = [
        CodeRule(
            name: "an unstructured task",
            instead: "use a task group of the service's run(), or say why not in a comment '// SHIELD:' above",
            concerns: { $0.path.hasPrefix("Sources/") },
            hints: ["Task"],
            forbids: { code, comment in
                code.contains(/\bTask(\.detached|\.immediate)?\s*(\([^)]*\)\s*)?\{/) && !comment.contains("SHIELD:")
            },
            example: "let loop = Task.detached(priority: .high) { await run() }"
        ),
        CodeRule(
            name: "an unproven '@unchecked Sendable'",
            instead: "use a Mutex or an actor, or prove it in a comment '// SAFETY:' above",
            concerns: { _ in true },
            hints: ["@unchecked"],
            acceptsCommentBelow: true,
            forbids: { _, comment in !comment.contains("SAFETY:") },
            example: "final class Box: @unchecked Sendable {}"
        ),
        CodeRule(
            name: "an unproven 'nonisolated(unsafe)'",
            instead: "use a Mutex or an actor, or prove it in a comment '// SAFETY:' above",
            concerns: { _ in true },
            hints: ["nonisolated(unsafe)"],
            forbids: { _, comment in !comment.contains("SAFETY:") },
            example: "nonisolated(unsafe) var count = 0"
        ),
        CodeRule(
            name: "a swallowed error",
            instead: "use do and catch, or say why the error does not matter in a comment on the line or above 'try?'",
            concerns: { $0.path.hasPrefix("Sources/") },
            hints: ["try? "],
            forbids: { _, comment in comment.allSatisfy(\.isWhitespace) },
            example: "try? await store.close()"
        ),
        CodeRule(
            name: "a clock in pure code",
            instead: "take 'now' as a parameter",
            concerns: { ["TenureCore", "Cron"].contains($0.target) && $0.path.hasPrefix("Sources/") },
            hints: ["Date()", ".now", "Clock"],
            forbids: { code, _ in
                code.contains(/\bDate\(\)|(Date|Clock)\.now\b|[ (]\.now\b|\b(Continuous|Suspending)Clock\b/)
            },
            example: "let now = ContinuousClock.now"
        ),
        CodeRule(
            name: "chance in pure code",
            instead: "take 'inout some RandomNumberGenerator' as a parameter",
            concerns: { ["TenureCore", "Cron"].contains($0.target) && $0.path.hasPrefix("Sources/") },
            hints: ["andom", "shuffled", "UUID"],
            forbids: { code, _ in
                code.contains(
                    /SystemRandomNumberGenerator|\.random\(in: [^,)]*\)|\.randomElement\(\)|\.shuffled\(\)|\bUUID\(\)/
                )
            },
            example: "let delay = Double.random(in: 0..<1)"
        ),
        CodeRule(
            name: "printing",
            instead: "emit an event, or use the logger",
            // The program writes by its Output, and hands closures around that are called so.
            concerns: { $0.path.hasPrefix("Sources/") && $0.target != "tenure" },
            hints: ["rint(", "dump("],
            forbids: { code, _ in code.contains(/(^|[^\w.`])(print|debugPrint|dump)\(/) },
            example: "print(status)"
        ),
        CodeRule(
            name: "blocking a thread to wait",
            instead: "await an event, or 'Task.sleep' when time itself is what matters",
            concerns: { _ in true },
            hints: ["sleep"],
            forbids: { code, _ in code.contains(/\bThread\.sleep|\b(u|nano)?sleep\(\d/) },
            example: "usleep(100)"
        ),
        CodeRule(
            name: "'default:' in a machine",
            instead: "list the states, so that a new one is not forgotten",
            concerns: { $0.name.hasSuffix("Machine.swift") || $0.name.contains("Machine+") },
            hints: ["default"],
            forbids: { code, _ in code.contains(/^\s*(@unknown )?default:/) },
            example: "        default: break"
        ),
    ]
}
