package import Elections

/// Reads the office's own letters before a voter does.
///
/// Whatever depends on what a letter leaves out is looked at in every letter that the template can become: with and without a fax number,
/// for every identity question, before and after the day of posting.
package enum LetterLint {
    /// Everything that keeps a template from being used. `file` as it is named in the problems.
    package static func problems(in template: String, kind: LetterKind, language: String, file: String) -> [Problem] {
        found(in: template, kind: kind).map { $0.inFile(file) }
    }

    /// What no program can check, and what may be meant but mostly is not; nothing where the template cannot be used at all.
    package static func warnings(in template: String, kind: LetterKind, language: String, file: String) -> [Problem] {
        guard let text = LetterTemplate.text(of: Array(template.utf8)), let parts = try? LetterTemplate.parts(text) else { return [] }
        var warnings: [Problem] = []
        if !["en", "es"].contains(language.prefix { $0 != "-" }) {
            warnings.append(
                Problem(
                    what: "invitations to e-mail the ballot are found in English and Spanish only",
                    hint:
                        "Have somebody who reads \(Printable.quote(language)) check that it asks for the ballot by post and no other way."
                ))
        }
        let names = Set(LetterTags(text).names.map(\.name))
        func miss(_ name: String, _ hint: String) {
            if !names.contains(name) { warnings.append(Problem(what: "the letter has no {{\(name)}}", hint: hint)) }
        }
        miss("voter", "A letter without a name is easily taken for fraud.")
        if kind != .addressChanged { miss("election", "The voter may get letters about several elections.") }
        if kind.hasBallotLink { miss("closes", "It is the day until which the link works.") }
        if kind == .reminderPost { miss("post_by", "It is the day by which to post, which this letter is about.") }
        warnings += otherNumbers(in: text) + otherLetter(text, kind, language)
        let lines = parts.body.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated().dropFirst() where line.first?.isLowercase == true && lines[index - 1].utf8.count > 50 {
            warnings.append(
                Problem(
                    line: index + parts.bodyLine, what: "the paragraph goes on in a new line",
                    hint: "Write a paragraph as one long line: every mail program breaks it where it must."))
            break
        }
        return warnings.map { $0.inFile(file) }
    }

    /// The first sentence of a text that invites to return a ballot other than by post, in English or Spanish; nil: none does. For texts
    /// of the office that stand in letters without being templates, e.g. an election's return notice.
    package static func invitation(in text: String) -> String? { LetterSentences.invitations(in: LetterLayout(text)).first }

    /// What keeps a clerk's own reason for a rejection from standing in a letter, a ``RejectionReason/other(_:)``; nil: nothing.
    package static func problem(inReason words: String) -> Problem? {
        if let problem = characters(of: words).first { return Problem(what: problem.what, hint: problem.hint) }
        if let word = LookAlikes.word(in: words) {
            return Problem(what: "\(Printable.quote(word)) has letters that look like others", hint: "Type it anew.")
        }
        if let link = LiteralLink.first(in: words) {
            return Problem(
                what: "\(Printable.quote(link)) would become a link", hint: "The letter has one link, and every way to reach you.")
        }
        if let tag = LiteralLink.markup(in: words) {
            return Problem(what: "\(Printable.quote(tag)) is HTML", hint: "Say it in plain words.")
        }
        guard invitation(in: words) != nil else { return nil }
        return Problem(
            what: "the reason \(LetterTrial.invites)",
            hint: "It stands in the letter to the voter. Leave out e-mail, fax and the like, for example \"other:it did not come by post\"."
        )
    }

    /// The longest subject, in characters.
    static let longestSubject = 150

    private static func found(in template: String, kind: LetterKind) -> [Problem] {
        guard template.utf8.count <= OwnLetters.largest else {
            return [
                Problem(
                    what: "this is larger than \(OwnLetters.largest >> 10) KB", hint: "A letter is a page or two. Is it the right file?")
            ]
        }
        guard let text = LetterTemplate.text(of: Array(template.utf8)) else { return [] }
        var problems = characters(of: text)
        let tags = LetterTags(text)
        problems += tags.problems + misplaced(tags, kind) + unmarked(in: text)
        let parsed: LetterTemplate
        do throws(Problem) {
            let parts = try LetterTemplate.parts(text)
            if parts.subject.count > longestSubject {
                problems.append(
                    Problem(
                        line: 1, what: "the subject has \(parts.subject.count) characters",
                        hint: "At most \(longestSubject); mail programs show the first 50 or so."))
            }
            for (name, line) in tags.names where line == 1 && LetterVariable.personal.contains(name) {
                problems.append(
                    Problem(
                        line: 1, what: "{{\(name)}} stands in the subject",
                        hint: "Whoever sees the list of messages reads the subject: nothing about the voter belongs there."))
            }
            for name in ["contact", "address", "return_notice"] where tags.names.contains(where: { $0 == (name, 1) }) {
                problems.append(Problem(line: 1, what: "{{\(name)}} stands in the subject", hint: "It belongs into the letter."))
            }
            // What is off with the places explains why it is no Mustache, and on which line.
            guard problems.isEmpty else { return problems }
            parsed = try LetterTemplate(text)
        } catch {
            return tags.problems.isEmpty || error.line == 1 || error.line == 2 ? problems + [error] : problems
        }
        var lines: Set<Int> = []
        return LetterTrial(of: parsed, kind: kind).problems.compactMap { found in
            guard let words = found.column else { return found }
            let line = line(of: words, in: text)
            // One sentence with and without the fax number is one problem.
            if let line, found.what.hasSuffix(LetterTrial.invites), !lines.insert(line).inserted { return nil }
            return Problem(line: line, what: found.what, hint: found.hint)
        }
    }

    /// Places that have no value in a letter of this kind, and dates that would be said when they are over.
    private static func misplaced(_ tags: LetterTags, _ kind: LetterKind) -> [Problem] {
        var problems: [Problem] = []
        for (name, line) in tags.names {
            if kind != .rejected, name == "reason" || name == "cure" {
                problems.append(
                    Problem(line: line, what: "{{\(name)}} says nothing in this letter", hint: "It belongs into rejected only."))
            }
            if !kind.hasBallotLink, name == "word" || name == "post_by" {
                problems.append(
                    Problem(
                        line: line, what: "{{\(name)}} says nothing in this letter",
                        hint: "It belongs into letters that lead to the ballot."))
            }
        }
        if let post = tags.names.first(where: { $0.name == "post_by" }), kind.hasBallotLink, !tags.parts.contains("past_post_by") {
            problems.append(
                Problem(
                    line: post.line, what: "{{post_by}} would be said also when that day is over",
                    hint:
                        "Write {{#post_by}}{{^past_post_by}}… {{post_by}} …{{/past_post_by}}{{/post_by}}, and what to do when it is over in "
                        + "{{#past_post_by}}…{{/past_post_by}}."))
        }
        return problems
    }

    /// Places written with other marks, which would stand in the letter as they are.
    private static func unmarked(in text: String) -> [Problem] {
        var problems: [Problem] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let bare = line.replacing(doubled, with: " ")
            guard let found = bare.firstMatch(of: single), LetterVariable.all.contains(String(found.2)) else { continue }
            problems.append(
                Problem(line: index + 1, what: "\(found.1) would stand there as it is", hint: "Places are written {{\(found.2)}}."))
        }
        return problems
    }

    private static var doubled: Regex<Substring> { /\{\{\{?[^{}]*\}\}\}?/ }
    private static var single: Regex<(Substring, Substring, Substring)> { /([{«\[<]\s*([a-z_]+)\s*[}»\]>])/ }

    /// The line of the template that has the words, which were found in a rendered letter: all of them, or as many of the first as it
    /// takes.
    private static func line(of words: String, in text: String) -> Int? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var words = words.split(separator: " ")
        while !words.isEmpty {
            let piece = words.joined(separator: " ")
            if let index = lines.firstIndex(where: { $0.contains(piece) }) { return index + 1 }
            words.removeLast()
        }
        return nil
    }

    /// Telephone numbers that are written out: programs make links of them, and nobody sees where they lead. Dates, years, and ZIP codes with
    /// four more digits are none.
    private static func otherNumbers(in text: String) -> [Problem] {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let bare = line.replacing(doubled, with: " x ").replacing(noTelephone, with: " x ")
            guard let found = bare.firstMatch(of: number) else { continue }
            return [
                Problem(
                    line: index + 1, what: "mail programs make a link of \(Printable.quote(String(found.1)))",
                    hint: "Is it a telephone number, and whose? Write {{phone}} or {{fax}} for the office's own.")
            ]
        }
        return []
    }

    private static var number: Regex<(Substring, Substring)> {
        /(?:^|[^\p{L}\p{N}])(\+?\(?\p{Nd}(?:[ .()\/–\-]{0,2}\p{Nd}){6,})/
    }
    private static var noTelephone: Regex<Substring> {
        /\b(?:\d{1,2}[.\/\-] ?\d{1,2}[.\/\-] ?\d{4}|\d{4}[.\/\-]\d{1,2}[.\/\-]\d{1,2}|(?:19|20)\d\d ?[\/–\-] ?(?:19|20)\d\d|\d{5}-\d{4})\b/
    }

    /// A letter that has most of its lines from a shipped one of another kind or in another language, and more than from its own.
    private static func otherLetter(_ text: String, _ kind: LetterKind, _ language: String) -> [Problem] {
        func sentences(_ text: String) -> Set<String> {
            Set(text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }.filter { $0.contains(" ") })
        }
        let mine = sentences(text)
        func shared(_ kind: LetterKind, _ language: String) -> Int {
            LetterTexts.shipped[language]?.templates[kind].map { mine.intersection(sentences($0)).count } ?? 0
        }
        var (best, count) = ("", max(shared(kind, String(language.prefix { $0 != "-" })), mine.count / 2))
        for language in LetterTexts.shipped.keys.sorted() {
            for kind in LetterKind.allCases where shared(kind, language) > count {
                (best, count) = (OwnLetters.name(kind, language), shared(kind, language))
            }
        }
        if best.isEmpty { return [] }
        return [
            Problem(
                what: "it has the words of the shipped \(best)",
                hint: "Was it saved under another letter's name? Then voters are told something that is not so.")
        ]
    }

    private static func characters(of text: String) -> [Problem] {
        var problems: [Problem] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let before: [Unicode.Scalar] = [" "] + line.unicodeScalars
            guard let scalar = zip(line.unicodeScalars, before).first(where: { isForbidden($0, after: $1) })?.0 else { continue }
            let code = String(scalar.value, radix: 16, uppercase: true)
            problems.append(
                Problem(
                    line: index + 1,
                    what: "this line has the invisible character U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code)",
                    hint: "Delete it; type the line anew if you cannot see it."))
        }
        return problems
    }

    /// Controls, turns of the direction of writing, private use, and what has no ink.
    private static func isForbidden(_ scalar: Unicode.Scalar, after before: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xE000...0xF8FF, 0xF0000...0x10FFFF, 0xFFF9...0xFFFC, 0x2800: true
        // Arabic and Hebrew need these beside Latin words; nothing that reads a letter here stumbles over them.
        case 0x61C, 0x200E, 0x200F: false
        // These join, part or vary the letters of many scripts, and emoji, but not Latin ones.
        case 0x180B...0x180F, 0x200B...0x200D, 0xFE00...0xFE0F: before.isASCII || LookAlikes.isLatin(before)
        default: scalar.properties.isDefaultIgnorableCodePoint || Printable.isUnsafe(scalar)
        }
    }
}
