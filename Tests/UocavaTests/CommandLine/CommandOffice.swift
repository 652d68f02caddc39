import Foundation

/// A tiny election for the tests of commands: one ballot style of one page, six voters.
enum CommandOffice {
    /// Writes the election's folder `election` and the roll `voters.csv`.
    static func write(in folder: URL, test: Bool = true) throws {
        let election = folder.appendingPathComponent("election")
        try FileManager.default.createDirectory(at: election.appendingPathComponent("ballots"), withIntermediateDirectories: true)
        func put(_ text: String, _ name: String) throws { try Data(text.utf8).write(to: election.appendingPathComponent(name)) }
        try put(
            """
            election: { id: tiny, name: Tiny Election, date: 2099-11-03, test: \(test) }
            jurisdiction: { name: Tiny County, state: Ohio, id: tiny-county, id_type: local }
            time_zone: America/New_York
            deadlines: { receipt: 2099-11-03T20:00 }
            office: { name: Tiny Board of Elections, email: uocava@elections.example.gov, phone: "+1 202 555 0100", address: [1 Main Street, Tiny OH 43001] }
            languages: [en]
            identity_question: date-of-birth
            declaration: { en: declaration.en.md }
            return_notice: { en: "Your ballot must be returned by post to be counted." }
            """, "election.yaml")
        try put("style,name,precincts,party,scope,language,file\nA,Style A,P1;P2,,full,en,ballots/A.pdf\n", "styles.csv")
        try put("I swear or affirm that I may vote.\n", "declaration.en.md")
        try ballot.write(to: election.appendingPathComponent("ballots/A.pdf"))
        try Data(roll.utf8).write(to: folder.appendingPathComponent("voters.csv"))
    }

    /// V1 to V3 are due, V4 wants paper, V5 has no address, V6 lives where no style is for.
    static let roll = """
        voter_id,last_name,first_name,date_of_birth,email,precinct,class,request_form,request_date,valid_to,preference,mailing_country
        V1,Archer,Ann,1980-01-01,v1@example.org,P1,active-duty,fpca,2026-01-05,2100-12-31,email,Germany
        V2,Baker,Bob,1981-02-02,v2@example.org,P2,citizen-abroad-intent-to-return,fpca,2026-01-05,2100-12-31,email,Japan
        V3,Cook,Cay,1982-03-03,v3@example.org,P1,active-duty,fpca,2026-01-05,2100-12-31,online,
        V4,Dyer,Dan,1983-04-04,v4@example.org,P1,active-duty,fpca,2026-01-05,2100-12-31,mail,
        V5,Ewer,Eve,1984-05-05,,P1,active-duty,fpca,2026-01-05,2100-12-31,email,
        V6,Fisher,Fay,1985-06-06,v6@example.org,P9,active-duty,fpca,2026-01-05,2100-12-31,email,

        """

    /// One letter page with a grey bar.
    private static var ballot: Data {
        let content = "0.5 g 100 700 400 20 re f"
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
            "<< /Length \(content.utf8.count) >>\nstream\n\(content)\nendstream"
        ]
        var text = "%PDF-1.7\n"
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(text.utf8.count)
            text += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let start = text.utf8.count
        text += "xref\n0 5\n0000000000 65535 f \n"
        for offset in offsets { text += String(repeating: "0", count: 10 - String(offset).count) + "\(offset) 00000 n \n" }
        return Data((text + "trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n\(start)\n%%EOF\n").utf8)
    }
}

/// A relay on loopback that takes every letter, but defers those to `deferred@…`, refuses those to `refused@…`, takes none from `stranger@…`,
/// and does as ``say(_:)`` tells it.
final class CommandRelay: @unchecked Sendable {  // why: the process is started once, and ended once by who owns this
    /// Its address.
    let url: String
    private let process: Process
    /// Its own, where it leaves each letter as `letter-N`.
    private let folder: URL

    /// Starts it.
    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("uocava-relay-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let script = folder.appendingPathComponent("relay.py")
        try Data(Self.script.utf8).write(to: script)
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [script.path, folder.path]
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let ready = folder.appendingPathComponent("relay.port")
        let end = Date(timeIntervalSinceNow: 20)
        while !FileManager.default.fileExists(atPath: ready.path), Date() < end, process.isRunning { Thread.sleep(forTimeInterval: 0.05) }
        url = "smtp://127.0.0.1:\(try String(contentsOf: ready, encoding: .utf8))"
    }

    /// The letters so far, decoded.
    var letters: [String] {
        get throws {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("letter-") }.sorted()
            return try names.map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }
        }
    }

    /// A letter as it came.
    struct Envelope: Equatable {
        let from: String
        let to: String
        let messageID: String
        let subject: String
        let language: String
    }

    /// The envelopes of the letters so far.
    var envelopes: [Envelope] {
        get throws {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("envelope-") }.sorted()
            return try names.map { name in
                let lines = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8).components(separatedBy: "\n")
                return Envelope(from: lines[0], to: lines[1], messageID: lines[2], subject: lines[3], language: lines[4])
            }
        }
    }

    /// How many letters it has; also while more of them come.
    var count: Int {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).count { $0.hasPrefix("envelope-") } }
    }

    /// The most letters that it was handed at once.
    var most: Int {
        get throws { Int(try String(contentsOf: folder.appendingPathComponent("most"), encoding: .utf8)) ?? 0 }
    }

    /// The first letter to an address, decoded: its text part, and its HTML part.
    func letter(to address: String) throws -> (text: String, html: String)? {
        guard let place = try envelopes.firstIndex(where: { $0.to == address }) else { return nil }
        let html = folder.appendingPathComponent("html-\(String(format: "%03d", place + 1))")
        return (try letters[place], try String(contentsOf: html, encoding: .utf8))
    }

    /// From now on every recipient gets this answer, e.g. `554 5.7.1 relay access denied`; nil: as it was.
    func say(_ answer: String?) throws {
        let file = folder.appendingPathComponent("mode")
        if let answer {
            try Data(answer.utf8).write(to: file, options: .atomic)
        } else {
            try? FileManager.default.removeItem(at: file)
        }
    }

    /// Not SIGTERM: a child of a worker thread inherits that thread's mask, which may block it.
    func stop() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    private static let script = """
        import asyncio, email, email.policy, os, sys
        from aiosmtpd.smtp import SMTP
        folder = sys.argv[1]
        class Relay:
            number = 0
            now = most = 0
            async def handle_MAIL(self, server, session, envelope, address, options):
                if address.startswith("stranger"): return "550 5.7.1 sender not known here"
                envelope.mail_from = address
                Relay.now += 1
                if Relay.now > Relay.most:
                    Relay.most = Relay.now
                    with open(f"{folder}/most", "w") as file: file.write(str(Relay.most))
                return "250 OK"
            async def handle_RCPT(self, server, session, envelope, address, options):
                answer = self.answer(envelope, address)
                if answer[0] != "2": Relay.now -= 1
                return answer
            def answer(self, envelope, address):
                if os.path.exists(f"{folder}/mode"): return open(f"{folder}/mode").read()
                if address.startswith("full@"): return "552 5.2.2 mailbox full"
                if address.startswith("deferred@"): return "451 4.2.1 come back later"
                if address.startswith("refused@"): return "550 5.1.1 nobody of that name"
                envelope.rcpt_tos.append(address)
                return "250 OK"
            async def handle_DATA(self, server, session, envelope):
                await asyncio.sleep(0.005)
                Relay.now -= 1
                letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
                Relay.number += 1
                with open(f"{folder}/letter-{Relay.number:03}", "w", encoding="utf-8") as file:
                    file.write(envelope.rcpt_tos[0] + "\\n" + letter.get_body(("plain",)).get_content())
                with open(f"{folder}/html-{Relay.number:03}", "w", encoding="utf-8") as file:
                    html = letter.get_body(("html",))
                    file.write(html.get_content() if html else "")
                with open(f"{folder}/envelope-{Relay.number:03}", "w", encoding="utf-8") as file:
                    fields = [envelope.mail_from, envelope.rcpt_tos[0], letter["Message-ID"], letter["Subject"], letter["Content-Language"] or ""]
                    file.write("\\n".join(fields))
                return "250 OK"
        async def main():
            server = await asyncio.get_running_loop().create_server(lambda: SMTP(Relay()), "127.0.0.1", 0)
            with open(f"{folder}/relay.tmp", "w") as file: file.write(str(server.sockets[0].getsockname()[1]))
            os.rename(f"{folder}/relay.tmp", f"{folder}/relay.port")
            await server.serve_forever()
        asyncio.run(main())
        """
}
