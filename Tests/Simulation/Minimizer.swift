/// Makes a failure small: leaves out what is not needed for it.
package enum Minimizer {
    /// Runs at most.
    private static let limit = 60

    /// The scenario with as few faults as still break the same promise.
    ///
    /// - Returns: The smaller scenario, and which of the faults are left.
    package static func smallest(_ scenario: Scenario, breaking invariant: Violation.Invariant) async
        -> (scenario: Scenario, kept: [Int])
    {
        var kept = Array(scenario.faults.indices)
        var runs = 0
        func breaks(_ smaller: Scenario) async -> Bool {
            runs += 1
            return await Simulation.result(of: smaller).violation?.invariant == invariant
        }
        func with(_ kept: [Int], _ messages: MessageFaults) -> Scenario {
            var smaller = scenario
            smaller.faults = kept.map { scenario.faults[$0] }
            smaller.messages = messages
            return smaller
        }
        var messages = scenario.messages
        if await breaks(with(kept, .none)) { messages = .none }
        var size = max(1, kept.count / 2)
        while size >= 1, runs < Self.limit {
            var start = 0
            while start < kept.count, runs < Self.limit {
                var fewer = kept
                fewer.removeSubrange(start..<min(start + size, kept.count))
                if await breaks(with(fewer, messages)) { kept = fewer } else { start += size }
            }
            size /= 2
        }
        return (with(kept, messages), kept)
    }
}

/// What to tell of a failed seed.
package struct FailureReport: CustomStringConvertible {
    package let description: String

    /// Lines of the trace that are shown.
    private static let traceLimit = 60

    /// Makes the failure small and tells it: the seed, what is left of the faults, the end of the trace, and the
    /// command that shows it again.
    package init(_ scenario: Scenario, _ violation: Violation) async {
        let (smallest, kept) = await Minimizer.smallest(scenario, breaking: violation.invariant)
        let result = await Simulation.result(of: smallest, trace: true)
        let end = result.trace.firstIndex { $0.contains("VIOLATION") } ?? result.trace.count - 1
        let before = result.trace.prefix(end + 1).filter { line in
            Self.matters(line, (result.violation ?? violation).tenant)
        }
        var lines = [
            "seed \(scenario.seed) (\(scenario.nodes) nodes, \(scenario.tenants) tenants): \(violation)",
            "with \(smallest.faults.count) of \(scenario.faults.count) faults"
                + (smallest.messages.isNone ? " and no lost messages:" : " and lost or late messages:"),
        ]
        lines += smallest.faults.map { "  \($0)" }
        if let last = result.violation, last != violation { lines.append("which breaks \(last)") }
        lines.append("the end of the trace:")
        lines += before.suffix(Self.traceLimit).map { "  \($0.prefix(400))" }
        var command = "scripts/simulate --seeds 1 --from \(scenario.seed) --trace"
        if kept.count < scenario.faults.count {
            command += " --faults " + (kept.isEmpty ? "none" : kept.map(String.init).joined(separator: ","))
        }
        if smallest.messages.isNone, !scenario.messages.isNone { command += " --quiet-network" }
        lines.append("replay: \(command)")
        self.description = lines.joined(separator: "\n")
    }

    /// Whether a line belongs to the tenant that the violation is about, or to none.
    private static func matters(_ line: String, _ tenant: String?) -> Bool {
        let what = line.drop { $0 == " " || $0 == "." || $0.isNumber }
        let always = ["FAULT", "VIOLATION", "PEACE", "crash", "pause", "continue", "start", "leave", "ended"]
        if always.contains(where: { what.hasPrefix($0 + " ") }) { return true }
        guard let tenant else { return line.contains("leader") || line.contains("event") }
        return line.contains(tenant)
    }
}
