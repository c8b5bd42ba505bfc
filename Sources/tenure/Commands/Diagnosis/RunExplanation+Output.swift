internal import Tenure
internal import TenureCore

extension RunExplanation {
    var json: JSON {
        .object([
            "tenant": .string(self.tenant.description),
            "job_name": .string(orNull: self.jobName),
            "scheduled_for": .time(self.scheduledFor),
            "run_id": .integer(self.id?.value),
            "state": .string(self.state.rawValue),
            "summary": .string(self.summary),
            "waited_for": .array(self.waits.map(JSON.string)),
            "timeline": .array(
                self.steps.map { .object(["at": .time($0.at), "what": .string($0.what)]) }
            ),
            "attempts": .array(self.attempts.map(JSON.run)),
            "owner": self.owner.map { owner in
                .object([
                    "node": .string(owner.node),
                    "epoch": .integer(owner.epoch.value),
                    "since": .time(owner.since),
                ])
            } ?? .null,
            "events": .boolean(self.includesEvents),
        ])
    }

    /// The explanation for people.
    var text: [String] {
        var lines = [self.title, "", self.summary]
        if !self.waits.isEmpty { lines += ["", "Why it waited:"] + self.waits.map { "  \($0)" } }
        if !self.steps.isEmpty {
            lines += ["", "What happened:"]
            lines += self.steps.map { "  \(TextTable.text(.time($0.at)))  \($0.what)" }
        }
        let owner = self.owner.map { "\($0.node), epoch \($0.epoch), since \(TextTable.text(.time($0.since)))" }
        lines += ["", "Owner by the tenant's database: \(owner ?? "nobody yet")"]
        if !self.includesEvents { lines.append("Redis did not answer: who owned the tenant when is not known.") }
        return lines
    }

    private var title: String {
        let tenant = "tenant \(self.tenant)"
        let run = self.id.map { ", run \($0)" } ?? ""
        guard let jobName else { return "\(tenant)\(run): \(self.state.rawValue)" }
        let at = self.scheduledFor.map { " at \(TextTable.text(.time($0)))" } ?? ""
        return "job \(jobName)\(at), \(tenant)\(run): \(self.state.rawValue)"
    }
}
