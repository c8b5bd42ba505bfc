import TenureCore
import Testing

@Suite("LeaseTrust")
struct LeaseTrustTests {
    private let first = tenant("t1")
    private let second = tenant("t2")

    private func trust() -> LeaseTrust {
        LeaseTrust(lockDuration: .seconds(4), safetyMargin: .milliseconds(500))
    }

    @Test("Trust counts from before the request, less the margin")
    func countsFromTheRequest() {
        var trust = self.trust()

        trust.acquired(self.first, epoch: Epoch(3), requestedAt: at(1000))

        #expect(trust.trustedUntil(self.first) == at(4500))
        #expect(trust.isTrusted(self.first, epoch: Epoch(3), at: at(4499)))
        #expect(!trust.isTrusted(self.first, epoch: Epoch(3), at: at(4500)))
        #expect(!trust.isTrusted(self.first, epoch: Epoch(2), at: at(1000)))
        #expect(!trust.isTrusted(self.second, epoch: Epoch(3), at: at(1000)))
    }

    @Test("A heartbeat extends exactly the locks that it named and did not lose")
    func heartbeat() {
        var trust = self.trust()
        trust.acquired(self.first, epoch: Epoch(3), requestedAt: at(0))
        trust.acquired(self.second, epoch: Epoch(9), requestedAt: at(0))
        trust.acquired(tenant("t3"), epoch: Epoch(2), requestedAt: at(0))

        trust.renewed(
            [self.first: Epoch(3), self.second: Epoch(9), tenant("t3"): Epoch(1)],
            except: [self.second],
            requestedAt: at(1000)
        )

        #expect(trust.expired(at: at(3500)) == [self.second, tenant("t3")])
        #expect(trust.nextDeadline(after: at(3500)) == at(4500))
        #expect(trust.nextDeadline(after: at(4500)) == nil)
    }

    @Test("A renewal whose reply overtook another never shortens trust")
    func reordered() {
        var trust = self.trust()
        trust.acquired(self.first, epoch: Epoch(3), requestedAt: at(0))
        trust.renewed([self.first: Epoch(3)], except: [], requestedAt: at(2000))

        trust.renewed([self.first: Epoch(3)], except: [], requestedAt: at(1000))
        trust.acquired(self.first, epoch: Epoch(3), requestedAt: at(500))

        #expect(trust.trustedUntil(self.first) == at(5500))
    }

    @Test("A renewal after trust ran out revives it: nobody else had the lock")
    func revives() {
        var trust = self.trust()
        trust.acquired(self.first, epoch: Epoch(3), requestedAt: at(0))

        trust.renewed([self.first: Epoch(3)], except: [], requestedAt: at(3600))

        #expect(trust.isTrusted(self.first, epoch: Epoch(3), at: at(4000)))
    }

    @Test("Late news of an older epoch changes nothing")
    func olderEpoch() {
        var trust = self.trust()
        trust.acquired(self.first, epoch: Epoch(5), requestedAt: at(1000))

        trust.ended(self.first, epoch: Epoch(4))
        trust.acquired(self.first, epoch: Epoch(4), requestedAt: at(2000))

        #expect(trust.locks == [self.first: Epoch(5)])
        #expect(trust.trustedUntil(self.first) == at(4500))

        trust.ended(self.first, epoch: Epoch(5))
        #expect(trust.locks == [:])
    }
}
