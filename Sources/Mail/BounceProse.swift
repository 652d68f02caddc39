/// What a server wrote for people: who failed and why, in blocks, and the returned letter behind it.
struct BounceProse {
    /// One failure: the lines about one address, as one line.
    struct Block {
        var text: [UInt8]
        var stage: BounceVerdict.Stage
        /// Where its lines begin in it.
        var starts: [Int]

        /// What is worth telling of it: from the reply code on, else from the first line that means something on; who it is about may stand
        /// before that.
        func said(without names: Set<[UInt8]>) -> ArraySlice<UInt8> {
            if let reply = BounceCodes.reply(in: text[...]) { return text[reply.place...] }
            for (index, start) in starts.enumerated() {
                let line = text[start..<(index + 1 < starts.count ? starts[index + 1] : text.endIndex)]
                if !BouncePhrases.read(line, names: names).isEmpty { return text[start...] }
            }
            return text[...]
        }
    }

    /// Blocks and bytes of one that are judged.
    private static let mostBlocks = 200
    private static let longestBlock = 4096

    /// What stands before the returned letter.
    private(set) var blocks: [Block] = []
    /// What is returned in the text, from its first line on; empty: nothing.
    private(set) var returned: ArraySlice<UInt8> = []
    /// The whole of it before the returned letter, for phrases that are looked for in all of it.
    private(set) var words: ArraySlice<UInt8>

    /// Reads a text.
    init(_ text: [UInt8]) {
        var lines = OctetLines(text[...])
        var end = text.endIndex
        var isFirst = true
        var isAfterBlank = true
        var current: [ArraySlice<UInt8>] = []
        var found: [[ArraySlice<UInt8>]] = []
        while true {
            let start = lines.position
            guard let line = lines.next() else { break }
            let trimmed = Octets.trimmed(line)
            if Self.returns(trimmed) {
                end = start
                returned = lines.rest
                break
            }
            // A header begins: the letter is returned without a word.
            if !isFirst, isAfterBlank, Self.startsLetter(line) {
                end = start
                returned = text[start...]
                break
            }
            let isRule = Self.isRule(trimmed)
            if trimmed.isEmpty || isRule || Self.startsRecipient(trimmed, line) {
                if !current.isEmpty, found.count < Self.mostBlocks { found.append(current) }
                current = []
            }
            if !trimmed.isEmpty, !isRule { current.append(trimmed) }
            isAfterBlank = trimmed.isEmpty
            isFirst = false
        }
        if !current.isEmpty, found.count < Self.mostBlocks { found.append(current) }
        words = text[..<end]
        for lines in found {
            var joined: [UInt8] = []
            var starts: [Int] = []
            for line in lines where joined.count < Self.longestBlock {
                if !joined.isEmpty { joined.append(0x20) }
                starts.append(joined.count)
                joined.append(contentsOf: line.prefix(Self.longestBlock))
            }
            blocks.append(Block(text: joined, stage: Self.stage(of: lines, joined[...]), starts: starts))
        }
    }

    // MARK: Structure

    /// Whether a line says that the letter follows: `--- Below this line is a copy of the message.`
    private static func returns(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.count >= 12, line.count <= 200 else { return false }
        let isRule =
            line.starts(with: "--".utf8) || line.starts(with: "==".utf8) || line.starts(with: "**".utf8) || line.starts(with: "|--".utf8)
        guard isRule || line.last == UInt8(ascii: ":") else { return false }
        return Octets.containsAny(
            [
                "copy of the message", "copy of your message", "copy of the headers", "copy of the original", "original message",
                "original header",
                "message header", "message text follows", "header of the original", "headers of the original", "unsent message",
                "returned message",
                "returned mail", "undelivered message", "bounced e-mail", "bounced message", "bounced mail", "forwarded message",
                "message follows",
                "mail follows", "header follows", "headers follow", "message content follows", "your message reads", "message contents"
            ], in: line) && !Octets.containsAny(["message headers are", "could not", "was not", "cannot"], in: line)
    }

    /// `----- Transcript of session follows -----`, `########`.
    private static func isRule(_ line: ArraySlice<UInt8>) -> Bool {
        let bare = line.first == UInt8(ascii: "|") ? line.dropFirst() : line
        return ["---", "===", "***", "###", "___"].contains { Octets.starts(bare, $0) }
    }

    private static func startsLetter(_ line: ArraySlice<UInt8>) -> Bool {
        ["return-path:", "received: ", "message-id:", "dkim-signature:", "mime-version:", "x-received:"].contains {
            Octets.starts(line, $0)
        }
    }

    /// Whether a line begins what is said of the next address: `<jane@example.org>: …`, or an indented address alone.
    private static func startsRecipient(_ trimmed: ArraySlice<UInt8>, _ line: ArraySlice<UInt8>) -> Bool {
        guard trimmed.count <= 400, let at = trimmed.firstIndex(of: UInt8(ascii: "@")) else { return false }
        if trimmed.first == UInt8(ascii: "<"), let close = trimmed[at...].firstIndex(of: UInt8(ascii: ">")) {
            let tail = trimmed[(close + 1)...]
            return tail.isEmpty || tail.first == UInt8(ascii: ":") || Octets.starts(tail, " (expanded")
        }
        let indent = line.count - line.drop(while: { $0 == 0x20 || $0 == 0x09 }).count
        return (1...3).contains(indent) && !trimmed.contains(where: Octets.isSpace)
    }

    // MARK: When it was refused

    private static func stage(of lines: [ArraySlice<UInt8>], _ text: ArraySlice<UInt8>) -> BounceVerdict.Stage {
        if let stage = transcript(lines) { return stage }
        // Exim's "after …", Postfix's "(in reply to …)", qmail's "… but sender was rejected".
        if Octets.containsAny(
            [
                "after mail from", "in reply to mail from", "after initial connection", "after ehlo", "after helo", "in reply to ehlo",
                "in reply to helo",
                "but sender was rejected", "while performing the ehlo", "while performing the helo", "refused to talk to me"
            ], in: text)
        {
            return .sender
        }
        if Octets.containsAny(
            [
                "after end of data", "in reply to end of data", "after sending message data", "after pipelined end of data",
                "failed after i sent the message"
            ], in: text)
        {
            return .letter
        }
        return .recipient
    }

    /// Reads a transcript (Sendmail): the command before the first refusal; nil: there is none.
    private static func transcript(_ lines: [ArraySlice<UInt8>]) -> BounceVerdict.Stage? {
        var command: ArraySlice<UInt8> = []
        var stage: BounceVerdict.Stage?
        for line in lines {
            if Octets.starts(line, ">>> ") {
                command = line.dropFirst(4)
            } else if Octets.starts(line, "<<< 4") || Octets.starts(line, "<<< 5") {
                guard let refused = stage else {
                    if command.isEmpty { continue }
                    stage =
                        Octets.starts(command, "data") || Octets.starts(command, ".")
                        ? .letter : Octets.starts(command, "rcpt") ? .recipient : .sender
                    continue
                }
                // Commands are sent ahead (RFC 2920): that no recipient is left shows that the reply before was to RCPT.
                let isAhead = Octets.starts(line, "<<< 503") || Octets.containsAny(["recipient", "need rcpt"], in: line)
                if refused == .letter, isAhead { return .recipient }
            }
        }
        return stage
    }
}
