extension ClusterEvent {
    /// One JSON object on one line: `event`, `time`, `cluster`, `node`, then the fields in their order.
    public var json: String {
        var object = FlatJSON()
        object.append("event", .string(self.name))
        object.append("time", .string(UTCTimestamp.text(microseconds: self.time)))
        object.append("cluster", .string(self.cluster))
        object.append("node", .string(self.node))
        for field in self.fields { object.append(field.name, field.value) }
        return object.text
    }

    /// Reads what ``json`` writes, with the time to the millisecond; `nil` when the text is not an event.
    ///
    /// - Parameter level: How loud it is, which the JSON does not say.
    package init?(json: String, level: Level = .info) {
        guard let members = FlatJSON.parse(json) else { return nil }
        var name: String?
        var time: Int64?
        var cluster: String?
        var node: String?
        var fields: [Field] = []
        for member in members {
            switch (member.name, member.value) {
            case ("event", .string(let text)) where name == nil: name = text
            case ("time", .string(let text)) where time == nil: time = UTCTimestamp.microseconds(of: text)
            case ("cluster", .string(let text)) where cluster == nil: cluster = text
            case ("node", .string(let text)) where node == nil: node = text
            default: fields.append(member)
            }
        }
        guard let name, let time, let cluster, let node else { return nil }
        self.init(name: name, level: level, time: time, cluster: cluster, node: node, fields: fields)
    }
}
