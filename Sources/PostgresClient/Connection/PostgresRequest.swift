internal import IOReactor

/// One request of a connection, from submission to its end. Touched on the reactor only.
final class PostgresRequest {
    enum Body {
        case unit(PostgresUnit)
        case script(String)
        case copy(String, CopyDirection)
    }

    /// What the next answer of a unit answers.
    enum Expected {
        case preparation(name: String)
        case execution(name: String, label: String)
    }

    let body: Body
    let reply: PostgresReply
    /// Which unit of the reply this is.
    let index: Int
    let label: String
    /// Fulfilled when a COPY can begin to transfer data.
    let copyStart: PostgresReply?

    var deadline: DeadlineID?
    var cancelRetry: DeadlineID?
    var expected: [Expected] = []
    var answersEnded = 0
    var rows: [PostgresRows] = []
    var failure: PostgresError?
    /// Why the request is to end early: its deadline passed or its caller was cancelled.
    var expiry: PostgresError.Code?

    init(_ body: Body, reply: PostgresReply, index: Int, label: String, copyStart: PostgresReply? = nil) {
        self.body = body
        self.reply = reply
        self.index = index
        self.label = label
        self.copyStart = copyStart
    }

    var current: Expected? {
        self.answersEnded < self.expected.count ? self.expected[self.answersEnded] : nil
    }

    /// What errors call the statement that is being answered.
    var currentLabel: String {
        switch self.current {
        case .preparation(let name): name
        case .execution(_, let label): label
        case nil: self.label
        }
    }

    /// Names whose preparation was a part of this request.
    var preparedNames: [String] {
        self.expected.compactMap { if case .preparation(let name) = $0 { name } else { nil } }
    }
}
