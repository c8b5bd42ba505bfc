internal import PostgresClient

/// The statements about many messages at once, made for one schema once.
struct MessageStatements: Sendable {
    let addMessages: PostgresStatement
    let openGroup: PostgresStatement
    let sealGroup: PostgresStatement
    let cancelGroup: PostgresStatement
    let groups: PostgresStatement
    let beginFanOut: PostgresStatement
    let fanOutStep: PostgresStatement
    let fanOuts: PostgresStatement
    let forgetFanOut: PostgresStatement

    init(_ schema: SchemaName) {
        self.addMessages = Statements.clientAddMessages.prepared(in: schema)
        self.openGroup = Statements.clientOpenGroup.prepared(in: schema)
        self.sealGroup = Statements.clientSealGroup.prepared(in: schema)
        self.cancelGroup = Statements.clientCancelGroup.prepared(in: schema)
        self.groups = Statements.clientGroups.prepared(in: schema)
        self.beginFanOut = Statements.clientBeginFanOut.prepared(in: schema)
        self.fanOutStep = Statements.clientFanOutStep.prepared(in: schema)
        self.fanOuts = Statements.clientFanOuts.prepared(in: schema)
        self.forgetFanOut = Statements.clientForgetFanOut.prepared(in: schema)
    }
}
