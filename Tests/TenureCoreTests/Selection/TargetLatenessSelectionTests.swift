import TenureCore
import Testing

@Suite("TargetLatenessSelection")
struct TargetLatenessSelectionTests {
    private func demand(_ name: String, dueSince: Int64, target: String? = nil) -> TenantDemand {
        TenantDemand(
            tenant: tenant(name),
            ready: 10,
            dueSince: at(dueSince),
            labels: target.map { [TargetLatenessSelection.label: $0] } ?? [:]
        )
    }

    @Test("The largest share of the target comes first, not the longest wait")
    func share() {
        var selection = TargetLatenessSelection()
        let candidates = [
            self.demand("patient", dueSince: 0, target: "60000"),
            self.demand("urgent", dueSince: 19_500, target: "1000"),
        ]

        #expect(selection.choose(among: candidates, at: at(20_000)) == 1)
        #expect(selection.choose(among: candidates, at: at(19_600)) == 0)
    }

    @Test("A target given in code comes before the label, and a label that is no number counts as none")
    func sources() {
        var selection = TargetLatenessSelection(
            defaultTarget: .seconds(10),
            targets: [tenant("a"): .milliseconds(100)]
        )
        let candidates = [
            self.demand("a", dueSince: 900, target: "60000"), self.demand("b", dueSince: 0, target: "soon"),
        ]

        #expect(selection.choose(among: candidates, at: at(1000)) == 0)
    }

    @Test("A backlog that is hopelessly late does not starve those who can be in time")
    func backlog() {
        var selection = TargetLatenessSelection()
        let late = self.demand("late", dueSince: 0, target: "10")
        let fine = self.demand("fine", dueSince: 3_600_000, target: "1000")
        var served: [String: Int] = [:]

        for step in 0..<2000 {
            let now = at(3_600_000 + Int64(step))
            guard let index = selection.choose(among: [fine, late], at: now) else { continue }
            let chosen = [fine, late][index]
            selection.granted(1, to: chosen, at: now)
            served[chosen.tenant.description, default: 0] += 1
        }

        // Of 100 slots about one, as their targets say.
        #expect(served["fine"] ?? 0 >= 10)
        #expect(served["late"] ?? 0 >= 1900)
    }
}
