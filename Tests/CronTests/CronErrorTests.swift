import Cron
import Testing

@Suite("CronError")
struct CronErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let expression: String
        let field: CronField?
        let text: String
        let reason: String

        init(_ expression: String, _ field: CronField?, _ text: String, _ reason: String) {
            self.expression = expression
            self.field = field
            self.text = text
            self.reason = reason
        }

        var testDescription: String { "\"\(self.expression)\"" }
    }

    static let cases: [Case] = [
        .init("60 * * * *", .minute, "60", "\"60\" is out of range"),
        .init("60 * * * * *", .second, "60", "\"60\" is out of range"),
        .init("* 1,61 * * * *", .minute, "61", "\"61\" is out of range"),
        .init("-1 * * * *", .minute, "-1", "a value is missing, found \"-1\""),
        .init("5- * * * *", .minute, "", "a value is missing after \"-\""),
        .init("5-k * * * *", .minute, "k", "\"K\" is not a number"),
        .init(", * * * *", .minute, ",", "a value is missing, found \",\""),
        .init("1, * * * *", .minute, "", "a value is missing after \",\""),
        .init("1,,2 * * * *", .minute, ",2", "a value is missing after \",\", found \",2\""),
        .init("*/ * * * *", .minute, "", "a step is missing after \"/\""),
        .init("*/0 * * * *", .minute, "0", "the step \"0\" is out of range"),
        .init("*/60 * * * *", .minute, "60", "the step \"60\" is out of range"),
        .init("1/2147483648 * * * *", .minute, "2147483648", "the step \"2147483648\" is out of range"),
        .init("1/k * * * *", .minute, "k", "a step is missing after \"/\", found \"k\""),
        .init("1k * * * *", .minute, "k", "unexpected \"k\""),
        .init("1.5 * * * *", .minute, ".5", "unexpected \".5\""),
        .init("007 * * * *", .minute, "007", "\"007\" is out of range"),
        .init("** * * * *", .minute, "*", "unexpected \"*\""),
        .init("*#1 * * * *", .minute, "#1", "unexpected \"#1\""),
        .init("5#3 * * * *", .minute, "#3", "unexpected \"#3\""),
        .init("*/15,7 * * * *", .minute, "*/15,7", "\"*\" cannot be part of a list"),
        .init("7,*/15 * * * *", .minute, "*/15", "a value is missing after \",\", found \"*/15\""),
        .init("L * * * *", .minute, "L", "\"L\" is not a number"),
        .init("* lw * * *", .hour, "lw", "\"LW\" is not a number"),
        .init("* 24 * * *", .hour, "24", "\"24\" is out of range"),
        .init("* 1-24 * * *", .hour, "24", "\"24\" is out of range"),
        .init("* */24 * * *", .hour, "24", "the step \"24\" is out of range"),
        .init("* * 0 * *", .dayOfMonth, "0", "\"0\" is out of range"),
        .init("* * 32 * *", .dayOfMonth, "32", "\"32\" is out of range"),
        .init("* * 10-32 * *", .dayOfMonth, "32", "\"32\" is out of range"),
        .init("* * MON * *", .dayOfMonth, "MON", "\"MON\" is not a number"),
        .init("* * W * *", .dayOfMonth, "W", "\"W\" is not a number"),
        .init("* * 1-2W * *", .dayOfMonth, "W", "unexpected \"W\""),
        .init("* * 1,2W * *", .dayOfMonth, "W", "unexpected \"W\""),
        .init("* * 1/2W * *", .dayOfMonth, "W", "unexpected \"W\""),
        .init("* * 15W,20 * *", .dayOfMonth, "15W,20", "\"W\" must be the only value"),
        .init("* * L,15 * *", .dayOfMonth, "L,15", "\"L\" must be the only value"),
        .init("* * 15,L * *", .dayOfMonth, "L", "\"L\" is not a number"),
        .init("* * 1LW * *", .dayOfMonth, "LW", "unexpected \"LW\""),
        .init("* * L-31 * *", .dayOfMonth, "31", "the offset \"31\" is out of range"),
        .init("* * L- * *", .dayOfMonth, "", "an offset is missing after \"-\""),
        .init("* * 4#1 * *", .dayOfMonth, "#1", "unexpected \"#1\""),
        .init("* * * 0 *", .month, "0", "\"0\" is out of range"),
        .init("* * * 13 *", .month, "13", "\"13\" is out of range"),
        .init("* * * JANUARY *", .month, "JANUARY", "\"JANUARY\" is not a name"),
        .init("* * * MON *", .month, "MON", "\"MON\" is not a number or name"),
        .init("* * * L *", .month, "L", "\"L\" is not a number or name"),
        .init("* * * * 8", .dayOfWeek, "8", "\"8\" is out of range"),
        .init("* * * * 1/8", .dayOfWeek, "8", "the step \"8\" is out of range"),
        .init("* * * * SUNDAY", .dayOfWeek, "SUNDAY", "\"SUNDAY\" is not a name"),
        .init("* * * * SUT", .dayOfWeek, "SUT", "\"SUT\" is not a number or name"),
        .init("* * * * L", .dayOfWeek, "L", "\"L\" is not a number or name"),
        .init("* * * * 5#6", .dayOfWeek, "6", "the week \"6\" is out of range"),
        .init("* * * * SUN#0", .dayOfWeek, "0", "the week \"0\" is out of range"),
        .init("* * * * 1#", .dayOfWeek, "", "a week is missing after \"#\""),
        .init("* * * * MON#2,FRI", .dayOfWeek, "MON#2,FRI", "\"#\" must be the only value"),
        .init("* * * * FRI,MONL", .dayOfWeek, "L", "unexpected \"L\""),
        .init("* * * * 5W", .dayOfWeek, "W", "unexpected \"W\""),
        .init("* * * * é", .dayOfWeek, "é", "a value is missing, found \"é\""),
        .init("", nil, "", "it is empty"),
        .init("   ", nil, "", "it is empty"),
        .init("*", nil, "", "it has 1 field"),
        .init("* * *", nil, "", "it has 3 fields"),
        .init("0 0 12 * * MON 2026", nil, "2026", "it has 7 fields"),
        .init("@", nil, "@", "the macro \"@\" is unknown"),
        .init(" @yearl", nil, "@yearl", "the macro \"@yearl\" is unknown"),
        .init("@every_hour", nil, "@every_hour", "the macro \"@every_hour\" is unknown"),
        .init("@reboot", nil, "@reboot", "the macro \"@reboot\" is unknown"),
        .init("@daily 5", nil, "@daily", "\"@daily\" must stand alone"),
    ]

    @Test("A36: an invalid expression names the field, the offending text and the reason", arguments: cases)
    func reasons(_ example: Case) throws {
        let error = try #require(throws: CronError.self) { try CronExpression(example.expression) }

        #expect(error.expression == example.expression)
        #expect(error.field == example.field)
        #expect(error.text == example.text)
        #expect(error.reason == example.reason)
        #expect(!error.hint.isEmpty)
        #expect(example.expression.utf8.dropFirst(error.position).starts(with: error.text.utf8))
        if let field = example.field { #expect(error.description.contains("\": \(field): ")) }
    }

    @Test(
        "The description is a sentence for a terminal",
        arguments: [
            ("61 * * * *", "minute: \"61\" is out of range (use 0 to 59)"),
            ("* * * * FUN", "day of week: \"FUN\" is not a number or name (use 0 to 7 or SUN to SAT)"),
            ("* * * January *", "month: \"JANUARY\" is not a name (write JAN)"),
            ("*/15,7 * * * *", "minute: \"*\" cannot be part of a list (write the range out, such as 0-59/15)"),
            (
                "* * *",
                "it has 3 fields (use 5: minute, hour, day of month, month, day of week; or 6 with the second first)"
            ),
            ("* * * * L", "day of week: \"L\" is not a number or name (name the day, such as FRIL; Saturday is SAT)"),
        ]
    )
    func descriptions(_ text: String, _ description: String) throws {
        let error = try #require(throws: CronError.self) { try CronExpression(text) }

        #expect(error.description == "invalid cron expression \"\(text)\": \(description)")
    }

    @Test("The annotated form marks the offending part")
    func annotated() throws {
        let error = try #require(throws: CronError.self) { try CronExpression("0 12,25 * * *") }

        #expect(error.annotated == "  0 12,25 * * *\n       ^^\nhour: \"25\" is out of range (use 0 to 23)")
    }
}
