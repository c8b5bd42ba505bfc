import TenureCore
import Testing

@testable import Tenure

@Suite("DiscoveryGuard (A23)")
struct DiscoveryGuardTests {
    private func tenant(_ name: String, connection: String = "postgresql://one/db") throws -> Tenant {
        Tenant(id: try TenantID(name), connection: connection)
    }

    private func answer(_ names: String...) throws -> DiscoveredTenants {
        DiscoveredTenants(try names.map { try self.tenant($0) })
    }

    private func at(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }

    /// Knows `names` since second 0; looks every 30 s.
    private func guarding(_ names: String...) throws -> DiscoveryGuard {
        var guarded = DiscoveryGuard(refreshInterval: .seconds(30))
        _ = guarded.answered(DiscoveredTenants(try names.map { try self.tenant($0) }), at: self.at(0))
        return guarded
    }

    private func names(_ guarded: DiscoveryGuard) -> [String] {
        guarded.tenants.keys.sorted().map(\.description)
    }

    @Test("The first answer is believed, in the order of the IDs")
    func firstAnswer() throws {
        var guarded = DiscoveryGuard(refreshInterval: .seconds(30))
        #expect(!guarded.hasAnswered)

        let news = guarded.answered(try self.answer("b", "a"), at: self.at(0))

        #expect(news.added.map(\.id.description) == ["a", "b"])
        #expect(news.events.map(\.name) == [.discoveryCompleted])
        #expect(guarded.hasAnswered)
    }

    @Test("A first answer without tenants is an answer")
    func emptyFirst() throws {
        var guarded = DiscoveryGuard(refreshInterval: .seconds(30))

        let news = guarded.answered(DiscoveredTenants([]), at: self.at(0))

        #expect(news.isEmpty)
        #expect(news.events.map(\.name) == [.discoveryCompleted])
    }

    @Test("An answer with nothing new changes nothing and says nothing")
    func nothingNew() throws {
        var guarded = try self.guarding("a", "b")

        let news = guarded.answered(try self.answer("b", "a"), at: self.at(30))

        #expect(news == DiscoveryNews())
    }

    @Test("Failures drop nothing, are reported once an interval, and their end is reported")
    func failures() throws {
        var guarded = try self.guarding("a", "b")

        let reports = (1...60).map { guarded.failed("connection refused", at: self.at(Int64($0))) }
        let after = guarded.answered(try self.answer("a", "b"), at: self.at(61))

        #expect(reports.allSatisfy { $0.isEmpty })
        #expect(reports.flatMap(\.events).map(\.name) == [.discoveryFailed, .discoveryFailed])
        #expect(self.names(guarded) == ["a", "b"])
        #expect(after.events.map(\.name) == [.discoveryCompleted])
    }

    @Test("An empty answer drops nothing however often it comes")
    func empty() throws {
        var guarded = try self.guarding("a")

        let news = (1...100).map { guarded.answered(DiscoveredTenants([]), at: self.at(Int64($0) * 30)) }

        #expect(news.allSatisfy { $0.isEmpty })
        #expect(news.allSatisfy { $0.events.map(\.name) == [.discoverySuspicious] })
        #expect(self.names(guarded) == ["a"])
    }

    @Test("An answer with fewer than half of the tenants is suspicious and drops nothing for a long time")
    func fewer() throws {
        var guarded = try self.guarding("a", "b", "c", "d", "e")

        let news = try (1...9).map { guarded.answered(try self.answer("a", "b"), at: self.at(Int64($0) * 30)) }

        #expect(news.allSatisfy { $0.isEmpty })
        #expect(news.allSatisfy { $0.events.map(\.name) == [.discoverySuspicious] })
        #expect(self.names(guarded) == ["a", "b", "c", "d", "e"])
    }

    @Test("An answer with fewer than half is believed in the end")
    func fewerConfirmed() throws {
        var guarded = try self.guarding("a", "b", "c", "d", "e")

        var removals: [Int64: [String]] = [:]
        for look in 1...20 {
            let news = guarded.answered(try self.answer("a", "b"), at: self.at(Int64(look) * 30))
            if !news.removed.isEmpty { removals[Int64(look) * 30] = news.removed.map(\.tenant.id.description) }
        }

        // First missing at 30 s; five times 60 s later.
        #expect(removals == [330: ["c", "d", "e"]])
    }

    @Test("Other tenants in place of all known ones are taken up, and the known ones stay")
    func otherDatabase() throws {
        var guarded = try self.guarding("a", "b")

        let news = guarded.answered(try self.answer("x", "y", "z"), at: self.at(30))

        #expect(news.added.count == 3)
        #expect(news.removed == [])
        #expect(news.events.map(\.name) == [.discoverySuspicious])
        #expect(self.names(guarded) == ["a", "b", "x", "y", "z"])
    }

    @Test("A missing tenant goes after three looks over two refresh intervals")
    func confirmed() throws {
        var guarded = try self.guarding("a", "b", "c")

        let news = try [30, 60, 90].map { guarded.answered(try self.answer("a", "b"), at: self.at($0)) }

        #expect(news.map(\.removed.count) == [0, 0, 1])
        #expect(news[2].removed.first?.tenant.id.description == "c")
        #expect(news[2].removed.first?.reason == .missing)
        #expect(self.names(guarded) == ["a", "b"])
    }

    @Test("Looks in quick succession do not confirm an absence")
    func quickLooks() throws {
        var guarded = try self.guarding("a", "b", "c")

        let news = try (30...89).map { guarded.answered(try self.answer("a", "b"), at: self.at($0)) }

        #expect(news.allSatisfy { $0.isEmpty })
        let last = guarded.answered(try self.answer("a", "b"), at: self.at(90))
        #expect(last.removed.count == 1)
    }

    @Test("With a short refresh interval an absence still lasts ten seconds")
    func leastConfirmation() throws {
        var guarded = DiscoveryGuard(refreshInterval: .seconds(1))
        _ = guarded.answered(try self.answer("a", "b"), at: self.at(0))

        let removed = try (1...11).map { guarded.answered(try self.answer("a"), at: self.at($0)).removed.count }

        #expect(removed == Array(repeating: 0, count: 10) + [1])
    }

    @Test("A tenant that shows up in between is counted anew")
    func backInBetween() throws {
        var guarded = try self.guarding("a", "b", "c")
        _ = guarded.answered(try self.answer("a", "b"), at: self.at(30))
        _ = guarded.answered(try self.answer("a", "b"), at: self.at(60))
        _ = guarded.answered(try self.answer("a", "b", "c"), at: self.at(90))

        let news = try [120, 150].map { guarded.answered(try self.answer("a", "b"), at: self.at($0)) }

        #expect(news.allSatisfy { $0.isEmpty })
        #expect(self.names(guarded) == ["a", "b", "c"])
    }

    @Test("Failures and suspicious answers in between confirm nothing")
    func unsureLooks() throws {
        var guarded = try self.guarding("a", "b", "c")
        _ = guarded.answered(try self.answer("a", "b"), at: self.at(30))
        _ = guarded.failed("gone", at: self.at(60))
        _ = guarded.answered(DiscoveredTenants([]), at: self.at(90))
        _ = guarded.answered(try self.answer("a"), at: self.at(120))

        let second = guarded.answered(try self.answer("a", "b"), at: self.at(150))
        let third = guarded.answered(try self.answer("a", "b"), at: self.at(180))

        #expect(second.removed == [])
        #expect(third.removed.count == 1)
    }

    @Test("An inactive tenant goes at once, even the last one")
    func inactive() throws {
        var guarded = try self.guarding("a", "b")

        let first = guarded.answered(
            DiscoveredTenants([try self.tenant("b")], inactive: [try TenantID("a")]),
            at: self.at(1)
        )
        let last = guarded.answered(DiscoveredTenants([], inactive: [try TenantID("b")]), at: self.at(2))

        #expect(first.removed.map(\.reason) == [.inactive])
        #expect(first.events.map(\.name) == [.discoveryCompleted])
        #expect(last.removed.map(\.tenant.id.description) == ["b"])
        #expect(guarded.tenants.isEmpty)
    }

    @Test("Most tenants becoming inactive at once is nothing suspicious")
    func mostInactive() throws {
        var guarded = try self.guarding("a", "b", "c", "d")

        let news = guarded.answered(
            DiscoveredTenants([try self.tenant("d")], inactive: Set(try ["a", "b", "c"].map { try TenantID($0) })),
            at: self.at(1)
        )

        #expect(news.removed.map(\.tenant.id.description) == ["a", "b", "c"])
        #expect(news.events.map(\.name) == [.discoveryCompleted])
    }

    @Test("A changed connection is told from a changed description (A26)")
    func changed() throws {
        var guarded = try self.guarding("a", "b")
        var heavier = try self.tenant("b")
        heavier.weight = 3

        let news = guarded.answered(
            DiscoveredTenants([try self.tenant("a", connection: "postgresql://two/db"), heavier]),
            at: self.at(1)
        )

        #expect(news.changed.map(\.after.id.description) == ["a", "b"])
        #expect(news.changed.map(\.movesDatabase) == [true, false])
        #expect(news.changed.map(\.changesDescriptor) == [false, true])
        #expect(guarded.tenants[try TenantID("b")]?.weight == 3)
    }

    @Test("Of two entries for one tenant the first counts")
    func duplicates() throws {
        var guarded = DiscoveryGuard(refreshInterval: .seconds(30))

        let news = guarded.answered(
            DiscoveredTenants([try self.tenant("a", connection: "first"), try self.tenant("a", connection: "second")]),
            at: self.at(0)
        )

        #expect(news.added.map(\.connection) == ["first"])
    }
}
