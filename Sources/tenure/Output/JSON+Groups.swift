internal import Tenure

extension JSON {
    /// A group of messages.
    static func group(_ group: GroupInfo) -> JSON {
        .object([
            "id": .integer(group.id.value),
            "state": .string(group.state),
            "sealed": .boolean(group.isSealed),
            "pending": .integer(group.pending),
            "completed": .integer(group.completed),
            "discarded": .integer(group.discarded),
            "cancelled": .integer(group.cancelled),
            "follow_up": .integer(group.followUp.value),
            "created_at": .time(group.createdAt),
            "ended_at": .time(group.endedAt),
        ])
    }

    /// A fan-out.
    static func fanOut(_ fanOut: FanOutInfo) -> JSON {
        .object([
            "name": .string(fanOut.name),
            "topic": .string(fanOut.topic),
            "query": .string(fanOut.query),
            "enqueued": .integer(fanOut.enqueued),
            "last_key": .string(orNull: fanOut.lastKey),
            "group": .integer(fanOut.group?.value),
            "started_at": .time(fanOut.startedAt),
            "finished_at": .time(fanOut.finishedAt),
        ])
    }
}
