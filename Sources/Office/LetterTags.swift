import Elections
import Foundation

/// The places of a template, found in its text: what Mustache makes of them, it does not say afterwards.
struct LetterTags {
    /// Names in the order in which they stand, with their lines.
    private(set) var names: [(name: String, line: Int)] = []
    /// Names of parts, also of those that appear where the name has no value.
    private(set) var parts: Set<String> = []
    /// What keeps the template from being used.
    private(set) var problems: [Problem] = []

    /// How many parts may stand in each other; Mustache would follow thousands until the stack ends.
    private static let deepest = 8

    /// Parts that are open, with the lines on which they begin.
    private var open: [(name: String, line: Int, isInverted: Bool)] = []

    /// Finds every place of a text.
    init(_ text: String) {
        var rest = text[...]
        var line = 1
        while let start = rest.range(of: "{{") {
            line += rest[..<start.lowerBound].count { $0 == "\n" }
            rest = rest[start.upperBound...]
            let isTriple = rest.first == "{"
            let end = isTriple ? "}}}" : "}}"
            guard let close = rest.range(of: end) else {
                problems.append(Problem(line: line, what: "a {{ has no end", hint: "Close it with }}, for example {{voter}}."))
                return
            }
            let inside = rest[..<close.lowerBound]
            guard !inside.dropFirst().contains("{{") else {
                problems.append(Problem(line: line, what: "a {{ has no end", hint: "Close it with }}, for example {{voter}}."))
                continue
            }
            read(isTriple ? inside.dropFirst() : inside, line: line)
            line += inside.count { $0 == "\n" }
            rest = rest[close.upperBound...]
        }
        for part in open {
            problems.append(
                Problem(
                    line: part.line, what: "the part {{#\(part.name)}} has no end", hint: "Write {{/\(part.name)}} where it ends."))
        }
    }

    private mutating func read(_ inside: Substring, line: Int) {
        let mark = inside.first ?? " "
        let hasMark = "#^/!&><$=%*~".contains(mark)
        let name = String((hasMark ? inside.dropFirst() : inside).filter { $0 != " " && $0 != "\n" })
        switch mark {
        case "!": return
        case ">", "<", "$", "*", "~":
            refuse(line, inside, "is a part from another file", "A letter stands in one file: write the words themselves.")
        case "=": refuse(line, inside, "changes the marks", "Places are always written {{name}}.")
        case "%": refuse(line, inside, "is a setting", "Leave it out: letters are plain text in any case.")
        case "/":
            guard let part = open.popLast() else {
                problems.append(
                    Problem(
                        line: line, what: "{{/\(name)}} ends a part that does not begin",
                        hint: "Leave it out, or write {{#\(name)}} before."))
                return
            }
            if part.name != name {
                problems.append(
                    Problem(
                        line: line, what: "{{/\(name)}} stands where {{/\(part.name)}} should", hint: "The part began on line \(part.line)."
                    ))
            }
        case "#", "^":
            check(name, line: line, isPart: true)
            open.append((name, line, mark == "^"))
            if open.count == Self.deepest + 1 {
                problems.append(
                    Problem(
                        line: line, what: "parts stand in parts in parts", hint: "At most \(Self.deepest) deep, so that people can follow.")
                )
            }
        default: check(name, line: line, isPart: false)
        }
    }

    private mutating func check(_ name: String, line: Int, isPart: Bool) {
        if name == ".", !isPart {
            // Elsewhere "." is everything at once.
            if open.last?.name == "address", open.last?.isInverted == false { return }
            problems.append(
                Problem(
                    line: line, what: "{{.}} stands outside of {{#address}}", hint: "It means one line of the address: {{#address}}{{.}} …")
            )
            return
        }
        guard LetterVariable.all.contains(name) else {
            let nearest = Nearest.to(name, among: LetterVariable.all).map { "Did you mean {{\($0)}}? " } ?? ""
            let known = "Known are \(LetterVariable.all.joined(separator: ", "))."
            problems.append(Problem(line: line, what: "there is no {{\(name)}}", hint: nearest + known))
            return
        }
        if !isPart, LetterVariable.flags.contains(name) {
            problems.append(
                Problem(
                    line: line, what: "{{\(name)}} has no words of its own",
                    hint: "Write {{#\(name)}}…{{/\(name)}} around what is said then."))
        }
        if isPart { parts.insert(name) } else { names.append((name, line)) }
    }

    private mutating func refuse(_ line: Int, _ inside: Substring, _ what: String, _ hint: String) {
        problems.append(Problem(line: line, what: "\(Printable.quote("{{\(inside)}}")) \(what)", hint: hint))
    }
}
