import Testing

@testable import TenureCore

@Suite("LimitBook")
struct LimitBookTests {
    private func book(_ definitions: LimitDefinition..., uses: [LimitUse] = []) -> LimitBook {
        var book = LimitBook()
        book.replace(LimitsSnapshot(definitions: definitions, uses: uses))
        return book
    }

    private func at(_ milliseconds: Int64) -> ServerTime { ServerTime(microseconds: milliseconds * 1_000) }

    @Test("Work counts against every limit that is about its topic and key, each key by itself")
    func groups() {
        let book = self.book(
            LimitDefinition(name: "all", maxRunning: 9),
            LimitDefinition(name: "customers", topic: "sync.*", key: "c-*", maxRunning: 1),
            LimitDefinition(name: "mail", topic: "mail.send", maxRunning: 3),
            LimitDefinition(name: "nothing")
        )
        func group(_ topic: String, _ key: String? = nil) -> LimitBook.Group {
            book.group(of: LimitBook.Subject(topic: topic, key: key))
        }

        #expect(group("other").count == 1)
        #expect(group("mail.send").count == 2)
        #expect(group("sync.now").count == 1, "without a key it is nobody's")
        #expect(group("sync.now", "x").count == 1, "another key")
        #expect(group("sync.now", "c-1").count == 2)
        #expect(group("sync.now", "c-1") == group("sync.later", "c-1"))
        #expect(group("sync.now", "c-1") != group("sync.now", "c-2"))
    }

    @Test("Runs in progress count until they end, and so do those of a former owner and those found here")
    func running() {
        var book = self.book(LimitDefinition(name: "mail", topic: "mail.*", maxRunning: 2))
        let subject = LimitBook.Subject(topic: "mail.send")
        let group = book.group(of: subject)
        book.take(WorkID(1), subject, group, at: .distantPast)
        book.setLent([subject, LimitBook.Subject(topic: "other")])
        #expect(book.verdict(group, at: .distantPast) == .afterEnd(of: group[0]))
        #expect(book.running("mail") == ["": 2])

        let ended = book.end(WorkID(1))
        #expect(ended == group)
        let again = book.end(WorkID(1))
        #expect(again == [], "it ends once")
        #expect(book.verdict(group, at: .distantPast) == .room)
        book.setHeld([(WorkID(7), subject)])
        #expect(book.room(group, at: .distantPast) == 0)
        book.setLent([])
        #expect(book.room(group, at: .distantPast) == 1)
    }

    @Test("A rate allows the burst at once, then one after the other, and says when")
    func rate() {
        var book = self.book(LimitDefinition(name: "r", rate: LimitRate(10), burst: 2))
        let subject = LimitBook.Subject(topic: "t")
        let group = book.group(of: subject)
        #expect(book.room(group, at: self.at(1_000)) == 2)
        book.take(WorkID(1), subject, group, at: self.at(1_000))
        book.take(WorkID(2), subject, group, at: self.at(1_000))
        #expect(book.verdict(group, at: self.at(1_000)) == .at(self.at(1_100)))
        #expect(book.verdict(group, at: self.at(1_099)) == .at(self.at(1_100)))
        #expect(book.verdict(group, at: self.at(1_100)) == .room)
        #expect(book.room(group, at: self.at(1_100)) == 1)
        let returned = book.giveBack(WorkID(2))
        #expect(returned == group)
        #expect(book.verdict(group, at: self.at(1_000)) == .room, "what did not start costs nothing")
    }

    @Test("Another book that goes on from the uses of the first allows no more than the first would have")
    func takeover() {
        let limit = LimitDefinition(name: "r", key: "*", rate: LimitRate(1, per: .seconds(10)), burst: 3)
        var first = self.book(limit)
        let subject = LimitBook.Subject(topic: "t", key: "k")
        let group = first.group(of: subject)
        for id in 1...3 { first.take(WorkID(Int64(id)), subject, group, at: self.at(0)) }
        let uses = first.takeUses()
        #expect(uses == [LimitUse(limit: "r", key: "k", paidAt: self.at(30_000))])
        let rest = first.takeUses()
        #expect(rest == [], "it is written down once")

        var second = self.book(limit, uses: uses)
        #expect(second.verdict(group, at: self.at(9_999)) == .at(self.at(10_000)))
        second.replace(LimitsSnapshot(definitions: [limit], uses: []))
        #expect(second.verdict(group, at: self.at(9_999)) == .at(self.at(10_000)), "it forgets nothing")
        #expect(second.room(second.group(of: LimitBook.Subject(topic: "t", key: "other")), at: self.at(0)) == 3)
    }

    @Test(
        "In any time t at most burst + t · rate begin, over random starts and takeovers",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func bound(_ seed: UInt64) {
        var generator = SplitMix(state: seed)
        let rate = LimitRate(Int.random(in: 1...50, using: &generator), per: .milliseconds(100))
        let burst = Int.random(in: 1...20, using: &generator)
        let limit = LimitDefinition(name: "r", rate: rate, burst: burst)
        let subject = LimitBook.Subject(topic: "t")
        var book = self.book(limit)
        var uses: [LimitUse] = []
        var now = ServerTime(microseconds: 1_000_000)
        var starts: [Int64] = []
        for number in 0..<2_000 {
            now = now.advanced(by: .microseconds(Int64.random(in: 0...4_000, using: &generator)))
            let group = book.group(of: subject)
            while book.verdict(group, at: now) == .room, Int.random(in: 0..<8, using: &generator) > 0 {
                book.take(WorkID(Int64(number)), subject, group, at: now)
                starts.append(now.microseconds)
            }
            for use in book.takeUses() { uses = [use] }
            if Int.random(in: 0..<50, using: &generator) == 0 { book = self.book(limit, uses: uses) }
        }
        for (index, first) in starts.enumerated() {
            for last in [index + burst, index + burst * 3, starts.count - 1] where last < starts.count && last > index {
                let allowed = Double(burst) + Double(starts[last] - first) / 100_000 * Double(rate.count)
                #expect(Double(last - index + 1) <= allowed + 1e-6)
            }
        }
        #expect(starts.count > 20, "it allows something")
    }

    @Test(
        "A rate is written as it is read",
        arguments: [("10/s", "10/s"), ("100/1m", "100/m"), ("3/10s", "3/10s"), ("5/1000ms", "5/s"), ("1/d", "1/d")]
    )
    func texts(_ text: String, _ written: String) {
        #expect(LimitRate(text)?.description == written)
    }

    @Test("What is no rate is refused", arguments: ["", "10", "/s", "0/s", "10/", "1/0s", "-1/s", "1/s ", "1.5/s"])
    func refusals(_ text: String) {
        #expect(LimitRate(text) == nil)
    }
}
