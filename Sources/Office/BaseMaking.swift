import Dispatch
import Elections
import Foundation
import Keys
import Packet
import Synchronization

/// A ballot style as an import made it: what its vendor delivered, and the bases of it.
struct MadeStyle {
    let style: BallotStyle
    var files: [String: File] = [:]

    struct File {
        let sha256: [UInt8]
        let length: Int
        let pages: Int
        let repaired: Bool
        var bases: [BaseVariant: MadeBase] = [:]
    }
}

/// A base that was made; its bytes lie in the ``BaseSpool``.
struct MadeBase: Sendable {
    let hash: [UInt8]
    let plan: String
    let ballotPages: ClosedRange<Int>
    let bytes: Range<Int>
}

/// Reads every PDF of an election's folder and makes all its bases, on every core: some eight ballots at a time, so that memory does not grow
/// with the election.
///
/// Every file that cannot be taken is one problem, in the order of `styles.csv` and then of the inserts, and any problem is the end of it.
struct BaseMaking {
    let folder: ElectionFolder
    let child: ConfinedChild
    let publicURL: String
    let acceptRepaired: Bool
    let spool: BaseSpool

    struct Result {
        var styles: [MadeStyle] = []
        var inserts = KeptInserts()
        var bases = 0
        var warnings: [String] = []
    }

    /// A PDF as it was delivered, and as it was read.
    private struct Document: Sendable {
        let name: String
        let bytes: [UInt8]
        let sha256: [UInt8]
        let clean: CleanBallot
    }

    /// A ballot in one language, and the inserts that go with it.
    private struct Work: Sendable {
        let style: Int
        let language: String
        let file: String
        /// One for each set of instructions; nil for the voters who have none.
        let instructions: [Insert?]
        /// Behind the ballot, in their order.
        let behind: [Insert]
    }

    private typealias Outcome<Value> = Swift.Result<Value, any Error>

    private static let window = 8

    /// - Parameter progress: called with bases done and bases in all; never twice at a time.
    func run(progress: @Sendable (Int, Int) -> Void) throws -> Result {
        try checkTexts()
        var result = Result()
        var problems = ProblemList()
        let inserts = try readInserts(&result, &problems)
        let work = allWork()
        let total = work.reduce(0) { $0 + $1.instructions.count } * Paper.allCases.count
        progress(0, total)
        result.styles = folder.styles.map { MadeStyle(style: $0) }
        let done = Mutex(0)
        var insertProblems = problems
        problems = ProblemList()
        for start in stride(from: 0, to: work.count, by: Self.window) {
            let part = Array(work[start..<min(start + Self.window, work.count)])
            let ballots = EveryCore.map(part.count) { index in Outcome { try read(part[index].file, try folder.bytes(part[index].file)) } }
            // The smallest pieces of work, so that the last ballot, too, is made on every core.
            let pieces = part.indices.flatMap { index in
                part[index].instructions.flatMap { insert in Paper.allCases.map { (work: index, instructions: insert, paper: $0) } }
            }
            let made = EveryCore.map(pieces.count) { index -> Outcome<MadeBase>? in
                let piece = pieces[index]
                let work = part[piece.work]
                let needed = (piece.instructions.map { [$0] } ?? []) + work.behind
                let found = needed.compactMap { inserts[$0] }
                // What is missing is a problem already.
                guard case .success(let ballot) = ballots[piece.work], found.count == needed.count else { return nil }
                return Outcome {
                    let base = try makeBase(
                        work, piece.paper, ballot, instructions: piece.instructions == nil ? nil : found.first,
                        behind: Array(found.suffix(work.behind.count)))
                    done.withLock { done in
                        done += 1
                        progress(done, total)
                    }
                    return base
                }
            }
            for (index, work) in part.enumerated() {
                guard let ballot = try problems.take(ballots[index], of: work.file) else { continue }
                result.warnings += ballot.clean.warnings.map { "\(work.file): \($0)" }
                var file = MadeStyle.File(
                    sha256: ballot.sha256, length: ballot.bytes.count, pages: ballot.clean.pages.count, repaired: ballot.clean.repaired)
                for (piece, outcome) in zip(pieces, made) where piece.work == index {
                    guard let outcome, let base = try problems.take(outcome, of: work.file) else { continue }
                    let set = piece.instructions.flatMap { inserts[$0] }.map { hex($0.sha256) } ?? ""
                    file.bases[BaseVariant(paper: piece.paper, instructions: set)] = base
                    result.bases += 1
                }
                result.styles[work.style].files[work.language] = file
            }
        }
        warnOfUnused(work, &result)
        insertProblems.all = problems.all + insertProblems.all
        guard insertProblems.all.isEmpty else { throw OfficeError(Problems(insertProblems.all), in: "The PDFs") }
        return result
    }

    /// The office's own pages in every language, before the ballots: a text that does not fit or that no font shows is said once.
    private func checkTexts() throws {
        let styles = folder.styles.sorted { $0.id.text.count > $1.id.text.count }
        var problems: [Problem] = []
        for language in Set(styles.flatMap(\.files.keys)).sorted() {
            let text = folder.text(language: language, publicURL: publicURL, sample: folder.definition.test)
            for paper in Paper.allCases {
                do {
                    try BaseAssembly.check(text, paper: paper, styleLabel: styles.first?.id.text ?? "")
                } catch let error as PacketError {
                    problems.append(Problem(file: "The pages in \(language)", what: error.message, hint: error.hint))
                    break
                }
            }
        }
        guard problems.isEmpty else { throw OfficeError(Problems(problems), in: "The office's texts") }
    }

    // MARK: What there is to do

    private func allWork() -> [Work] {
        let definition = folder.definition
        let choice = InsertChoice(folder.inserts.keys)
        return folder.styles.enumerated().flatMap { index, style in
            style.files.sorted { $0.key < $1.key }.map { language, file in
                let languages = definition.languages(preferring: language)
                // Two files with one content are one set: the base would be the same.
                var sets: [[UInt8]?] = []
                var instructions: [Insert?] = []
                for kind in definition.kinds(of: style.scope) {
                    let insert = choice.instructions(for: kind, languages: languages)
                    let bytes = insert.flatMap { folder.inserts[$0] }
                    guard !sets.contains(bytes) else { continue }
                    sets.append(bytes)
                    instructions.append(insert)
                }
                let behind = [choice.writeIns(of: style.id, languages: languages), choice.secrecy(languages: languages)]
                return Work(
                    style: index, language: language, file: file, instructions: instructions, behind: behind.compactMap(\.self))
            }
        }
    }

    /// A file that no packet holds is as good as forgotten.
    private func warnOfUnused(_ work: [Work], _ result: inout Result) {
        let used = Set(work.flatMap { $0.instructions.compactMap(\.self) + $0.behind }.compactMap { folder.inserts[$0] })
        for (insert, bytes) in folder.inserts.sorted(by: { $0.key < $1.key }) where !used.contains(bytes) {
            result.warnings.append(
                "\(insert.path) is in no packet: for everyone whom it could be for, a more particular file or one in the ballot's language "
                    + "comes first.")
        }
    }

    // MARK: Reading

    private func read(_ name: String, _ bytes: [UInt8]) throws -> Document {
        let clean = try BallotReader(child: child).read(bytes, name: name, acceptRepaired: acceptRepaired)
        return Document(name: name, bytes: bytes, sha256: SHA256.hash(bytes), clean: clean)
    }

    private func readInserts(_ result: inout Result, _ problems: inout ProblemList) throws -> [Insert: Document] {
        let files = folder.inserts.sorted { $0.key < $1.key }
        let outcomes = EveryCore.map(files.count) { index in Outcome { try read(files[index].key.path, files[index].value) } }
        var documents: [Insert: Document] = [:]
        for ((insert, _), outcome) in zip(files, outcomes) {
            guard let document = try problems.take(outcome, of: insert.path) else { continue }
            documents[insert] = document
            result.warnings += document.clean.warnings.map { "\(insert.path): \($0)" }
        }
        result.inserts = KeptInserts(
            documents.mapValues {
                KeptInserts.File(
                    sha256: hex($0.sha256), length: $0.bytes.count, pages: $0.clean.pages.count, repaired: $0.clean.repaired)
            })
        return documents
    }

    // MARK: Making

    private func makeBase(
        _ work: Work, _ paper: Paper, _ ballot: Document, instructions: Document?, behind: [Document]
    ) throws -> MadeBase {
        let text = folder.text(language: work.language, publicURL: publicURL, sample: folder.definition.test)
        let input = BaseInput(
            text: text, paper: paper, ballotPDF: ballot.clean.pdf, styleLabel: folder.styles[work.style].id.text,
            instructionPDFs: instructions.map { [$0.clean.pdf] } ?? [], writeInPDFs: behind.map(\.clean.pdf))
        let plain = try BaseAssembly.make(input.withoutSample(), child: child)
        // What leaves the office is what was delivered.
        try compare(ballot, plain, from: plain.ballotPages.lowerBound, "the ballot would not be the vendor's")
        // Instructions begin behind the cover, which is one page.
        if let instructions { try compare(instructions, plain, from: 2, "it would not be the file that you gave") }
        var first = plain.ballotPages.upperBound + 1
        for document in behind {
            try compare(document, plain, from: first, "it would not be the file that you gave")
            first += document.clean.pages.count
        }
        let base = text.sample ? try BaseAssembly.make(input, child: child) : plain
        return MadeBase(
            hash: SHA256.hash(base.bytes), plan: try base.plan.json(), ballotPages: base.ballotPages, bytes: try spool.append(base.bytes))
    }

    private func compare(_ document: Document, _ base: Base, from first: Int, _ consequence: String) throws {
        let differences = try PageCompare.compare(
            document.bytes, pages: 1...max(1, document.clean.pages.count), isWhole: true, with: [(base.bytes, first)], child: child)
        guard let different = differences.first else { return }
        throw PacketError(
            .pictureChanged, "page \(different.page) looks different after it was read: \(consequence)",
            hint: "Print the file to a new PDF from the program that made it, and import that.", file: document.name)
    }
}

/// Problems in the order in which they were met, each once: a bad file shows in every base that would hold it.
private struct ProblemList {
    var all: [Problem] = []
    private var known: Set<Problem> = []

    /// The value; nil where a PDF is to blame. Throws whatever else it was.
    mutating func take<Value>(_ outcome: Result<Value, any Error>, of file: String) throws -> Value? {
        do {
            return try outcome.get()
        } catch let error as PacketError {
            // What libqpdf or the drawing program said, where it was asked.
            let what = [error.message, error.cause.map { "(\($0))" }].compactMap(\.self).joined(separator: " ")
            let problem = Problem(
                file: error.file ?? file, column: error.object.flatMap { $0.isEmpty ? nil : $0 }, what: what, hint: error.hint)
            if known.insert(problem).inserted { all.append(problem) }
            return nil
        }
    }
}

/// Does the same for many, on every core.
enum EveryCore {
    /// What `body` makes of each number below `count`, in their order.
    static func map<Value: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
        let slots = Mutex<[Int: Value]>([:])
        DispatchQueue.concurrentPerform(iterations: count) { index in
            let value = body(index)
            slots.withLock { $0[index] = value }
        }
        return slots.withLock { slots in (0..<count).compactMap { slots[$0] } }
    }
}
