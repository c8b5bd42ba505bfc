import Testing

@testable import PostgresClient

@Suite("PostgresExchange")
struct PostgresExchangeTests {
    private func id(_ value: UInt64) -> PostgresRequestID { PostgresRequestID(rawValue: value) }

    /// An exchange that is connected and has sent units with one answer each.
    private func exchange(units: ClosedRange<UInt64>, limits: PostgresExchange.Limits = .init()) -> PostgresExchange {
        var exchange = PostgresExchange(limits: limits)
        exchange.connected()
        for value in units { self.send(&exchange, value) }
        return exchange
    }

    private func send(_ exchange: inout PostgresExchange, _ value: UInt64, isPlain: Bool = true) {
        #expect(exchange.submitted(self.id(value), .unit, byteCount: 10) == .accepted)
        #expect(exchange.nextDirective() == .sendUnit(self.id(value)))
        exchange.unitSent(self.id(value), answers: 1, commitsOnlyWithUnit: isPlain)
    }

    private func fates(_ exchange: inout PostgresExchange) -> [UInt64: PostgresExchange.Fate] {
        Dictionary(uniqueKeysWithValues: exchange.connectionLost().map { ($0.id.rawValue, $0.fate) })
    }

    @Test("Nothing is sent before the connection is open")
    func waitsForConnection() {
        var exchange = PostgresExchange()
        #expect(exchange.submitted(self.id(1), .unit, byteCount: 1) == .accepted)
        #expect(exchange.nextDirective() == nil)

        exchange.connected()

        #expect(exchange.nextDirective() == .sendUnit(self.id(1)))
        #expect(exchange.nextDirective() == nil)
    }

    @Test("Answers belong to the oldest unit until its synchronisation point")
    func answersInOrder() {
        var exchange = self.exchange(units: 1...2)

        #expect(exchange.arrived(.success) == .keepAnswer(self.id(1)))
        #expect(exchange.arrived(.endOfAnswer) == .endAnswer(self.id(1)))
        #expect(exchange.arrived(.endOfAnswer) == .ignore)
        #expect(exchange.arrived(.sync) == .finish(self.id(1)))
        #expect(exchange.arrived(.success) == .keepAnswer(self.id(2)))
        #expect(exchange.arrived(.endOfAnswer) == .endAnswer(self.id(2)))
        #expect(exchange.arrived(.sync) == .finish(self.id(2)))
        #expect(exchange.isQuiescent)
        #expect(!exchange.expectsResult)
    }

    @Test("Only the first failure of a unit counts; what it aborts is skipped")
    func failures() {
        var exchange = PostgresExchange()
        exchange.connected()
        _ = exchange.submitted(self.id(1), .unit, byteCount: 1)
        _ = exchange.nextDirective()
        exchange.unitSent(self.id(1), answers: 2, commitsOnlyWithUnit: true)

        #expect(exchange.arrived(.failure(endsSession: false)) == .keepFailure(self.id(1)))
        #expect(exchange.arrived(.endOfAnswer) == .endAnswer(self.id(1)))
        #expect(exchange.arrived(.aborted) == .ignore)
        #expect(exchange.arrived(.endOfAnswer) == .endAnswer(self.id(1)))
        #expect(exchange.arrived(.failure(endsSession: false)) == .ignore)
        #expect(exchange.arrived(.sync) == .finish(self.id(1)))
    }

    @Test(
        "Answers that nothing asked for are a violation",
        arguments: [PostgresExchange.Arrival.sync, .copyIn, .copyOut]
    )
    func violations(arrival: PostgresExchange.Arrival) {
        var exchange = self.exchange(units: 1...1)

        #expect(exchange.arrived(arrival) == .violation)
    }

    @Test("When the connection is lost, units in flight are unknown and waiting ones were not sent")
    func lost() {
        var exchange = self.exchange(units: 1...2, limits: .init(unitsInFlight: 2))
        _ = exchange.submitted(self.id(3), .unit, byteCount: 1)
        #expect(exchange.nextDirective() == nil)

        #expect(self.fates(&exchange) == [1: .unknown, 2: .unknown, 3: .notSent])
        #expect(exchange.submitted(self.id(4), .unit, byteCount: 1) == .refusedClosed)
        #expect(self.fates(&exchange) == [:])
    }

    @Test("A unit that failed before the loss has failed")
    func lostAfterFailure() {
        var exchange = self.exchange(units: 1...2)
        _ = exchange.arrived(.failure(endsSession: false))

        #expect(self.fates(&exchange) == [1: .failed, 2: .unknown])
    }

    @Test("A session's end undoes the statement that it answers; nothing behind it was executed")
    func sessionEnd() {
        var exchange = self.exchange(units: 1...3)
        _ = exchange.arrived(.failure(endsSession: true))

        #expect(self.fates(&exchange) == [1: .failed, 2: .notSent, 3: .notSent])
    }

    @Test("A session's end after the last answer leaves the commit unknown")
    func sessionEndAtCommit() {
        var exchange = self.exchange(units: 1...2)
        _ = exchange.arrived(.success)
        _ = exchange.arrived(.endOfAnswer)
        _ = exchange.arrived(.failure(endsSession: true))

        #expect(self.fates(&exchange) == [1: .unknown, 2: .notSent])
    }

    @Test("A session's end in the place of a COMMIT's answer leaves it unknown")
    func sessionEndOfCommit() {
        var exchange = PostgresExchange()
        exchange.connected()
        self.send(&exchange, 1, isPlain: false)
        _ = exchange.arrived(.failure(endsSession: true))

        #expect(self.fates(&exchange) == [1: .unknown])
    }

    @Test("A unit whose end libpq refused cannot have been committed")
    func refused() {
        var exchange = self.exchange(units: 1...2)
        exchange.unitRefused(self.id(2))

        #expect(self.fates(&exchange) == [1: .unknown, 2: .notSent])
    }

    @Test("An exclusive request waits for the units before it and holds back those after it")
    func exclusive() {
        var exchange = self.exchange(units: 1...1)
        _ = exchange.submitted(self.id(2), .exclusive, byteCount: 1)
        _ = exchange.submitted(self.id(3), .unit, byteCount: 1)
        #expect(exchange.nextDirective() == nil)
        _ = exchange.arrived(.endOfAnswer)
        _ = exchange.arrived(.sync)

        #expect(exchange.nextDirective() == .beginExclusive(self.id(2)))
        #expect(exchange.nextDirective() == nil)
        #expect(exchange.arrived(.success) == .keepAnswer(self.id(2)))
        #expect(exchange.arrived(.endOfAnswer) == .finish(self.id(2)))
        #expect(exchange.nextDirective() == .sendUnit(self.id(3)))
    }

    @Test("No result is asked for while a COPY transfers data")
    func copy() {
        var exchange = PostgresExchange()
        exchange.connected()
        _ = exchange.submitted(self.id(1), .exclusive, byteCount: 1)
        _ = exchange.nextDirective()
        #expect(exchange.arrived(.copyIn) == .beginCopy(self.id(1)))
        #expect(!exchange.expectsResult)

        exchange.copyEnded()

        #expect(exchange.expectsResult)
        #expect(exchange.arrived(.success) == .keepAnswer(self.id(1)))
        #expect(exchange.arrived(.endOfAnswer) == .finish(self.id(1)))
        #expect(exchange.isQuiescent)
    }

    @Test("Bytes in flight are bounded, but one unit always goes")
    func byteLimit() {
        var exchange = PostgresExchange(limits: .init(bytesInFlight: 100))
        exchange.connected()
        _ = exchange.submitted(self.id(1), .unit, byteCount: 1000)
        _ = exchange.submitted(self.id(2), .unit, byteCount: 10)

        #expect(exchange.nextDirective() == .sendUnit(self.id(1)))
        #expect(exchange.nextDirective() == nil)
        exchange.unitSent(self.id(1), answers: 0, commitsOnlyWithUnit: true)
        #expect(exchange.arrived(.sync) == .finish(self.id(1)))
        #expect(exchange.nextDirective() == .sendUnit(self.id(2)))
    }

    @Test("Too many waiting requests are refused")
    func queueLimit() {
        var exchange = PostgresExchange(limits: .init(waiting: 1))

        #expect(exchange.submitted(self.id(1), .unit, byteCount: 1) == .accepted)
        #expect(exchange.submitted(self.id(2), .unit, byteCount: 1) == .refusedFull)
    }

    @Test("A request that was not sent is dropped at its deadline; one that has ended ignores it")
    func deadlines() {
        var exchange = self.exchange(units: 1...1, limits: .init(unitsInFlight: 1))
        _ = exchange.submitted(self.id(2), .unit, byteCount: 1)

        #expect(exchange.expired(self.id(2)) == .dropped)
        #expect(exchange.expired(self.id(2)) == .late)
        #expect(exchange.expired(self.id(1)) == .inFlight)
        _ = exchange.arrived(.endOfAnswer)
        _ = exchange.arrived(.sync)
        #expect(exchange.expired(self.id(1)) == .late)
    }

    @Test("Only the oldest request in flight is cancelled, once, and nothing is sent meanwhile")
    func cancelling() {
        var exchange = self.exchange(units: 1...2)
        #expect(exchange.expired(self.id(2)) == .inFlight)
        #expect(exchange.headToCancel() == nil)
        #expect(exchange.expired(self.id(1)) == .inFlight)

        #expect(exchange.headToCancel() == self.id(1))
        #expect(exchange.headToCancel() == nil)
        _ = exchange.submitted(self.id(3), .unit, byteCount: 1)
        #expect(exchange.nextDirective() == nil)
        exchange.cancelFinished()
        #expect(exchange.headToCancel() == nil)
        _ = exchange.arrived(.failure(endsSession: false))
        _ = exchange.arrived(.endOfAnswer)
        _ = exchange.arrived(.sync)
        #expect(exchange.headToCancel() == self.id(2))
    }

    @Test("Whatever happens, every accepted request leaves exactly once", arguments: 0..<200 as Range<UInt64>)
    func property(seed: UInt64) {
        var random = SplitMix(state: seed)
        var exchange = PostgresExchange(limits: .init(waiting: 20, unitsInFlight: 4, bytesInFlight: 50))
        var accepted: [UInt64] = []
        var left: [UInt64] = []
        exchange.connected()
        for value in 1...200 as ClosedRange<UInt64> {
            let kind: PostgresExchange.Kind = random.next() % 5 == 0 ? .exclusive : .unit
            if exchange.submitted(self.id(value), kind, byteCount: Int(random.next() % 40)) == .accepted {
                accepted.append(value)
            }
            while let directive = exchange.nextDirective() {
                if case .sendUnit(let sent) = directive {
                    exchange.unitSent(sent, answers: Int(random.next() % 3), commitsOnlyWithUnit: true)
                }
            }
            for _ in 0..<random.next() % 4 where exchange.expectsResult {
                let arrivals: [PostgresExchange.Arrival] = [
                    .success, .endOfAnswer, .endOfAnswer, .sync, .aborted, .failure(endsSession: false),
                ]
                if case .finish(let id) = exchange.arrived(arrivals[Int(random.next() % 6)]) {
                    left.append(id.rawValue)
                }
            }
            let victim = random.next() % value + 1
            if random.next() % 3 == 0, exchange.expired(self.id(victim)) == .dropped { left.append(victim) }
            if exchange.headToCancel() != nil { exchange.cancelFinished() }
        }
        left += exchange.connectionLost().map(\.id.rawValue)

        #expect(left.sorted() == accepted)
        #expect(exchange.isClosed)
    }
}

/// A small generator whose sequence a seed determines.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
