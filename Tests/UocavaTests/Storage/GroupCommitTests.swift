import Foundation
import Storage
import Testing

@Suite("Group commit")
struct GroupCommitTests {
    private static func insert(_ name: String, _ size: Int64) -> @Sendable (Transaction) throws -> Int {
        { try $0.execute("INSERT INTO item (name, size) VALUES ($1, $2)", .text(name), .integer(size)) }
    }

    /// Keeps the writer busy until it is opened, so that everything that comes meanwhile is one transaction.
    private final class Gate: Sendable {
        private let open = DispatchSemaphore(value: 0)
        func hold(_ group: GroupCommit) { group.post { [self] _ in open.wait() } }
        func release() { open.signal() }
    }

    @Test("Of many changes in one transaction a refused one undoes only itself, to its last row")
    func savepoints() async throws {
        let folder = try StorageFolder()
        let database = try folder.open()
        let commits = GroupCommit(database)
        let gate = Gate()
        gate.hold(commits)
        let results = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for index in 1...60 {
                group.addTask {
                    do {
                        let rows = try await commits.submit { transaction in
                            try transaction.execute("INSERT INTO item (name, size) VALUES ($1, 1)", .text("first \(index)"))
                            // Every third breaks the CHECK with its second row, every third fails by itself behind it.
                            let size: Int64 = index % 3 == 0 ? 0 : 1
                            try transaction.execute(
                                "INSERT INTO item (name, size) VALUES ($1, $2)", .text("second \(index)"), .integer(size))
                            if index % 3 == 1 { throw StorageFailure() }
                            return 2
                        }
                        return (index, "\(rows)")
                    } catch let error as StorageError {
                        return (index, error.code.rawValue)
                    } catch { return (index, "\(type(of: error))") }
                }
            }
            gate.release()
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for index in 1...60 { #expect(results[index] == ["constraint", "StorageFailure", "2"][index % 3]) }
        let names = try database.read { try $0.all("SELECT name FROM item") { try $0.text("name") } }
        #expect(Set(names) == Set((1...60).filter { $0 % 3 == 2 }.flatMap { ["first \($0)", "second \($0)"] }))
        await commits.stop()
    }

    @Test("A result means that everybody can read the change, in the order in which the changes came")
    func visible() async throws {
        let folder = try StorageFolder()
        let commits = GroupCommit(try folder.open())
        let reader = try folder.open()
        for size in 1...20 {
            let rows = try await commits.submit(Self.insert("n\(size)", Int64(size)))
            #expect(rows == 1)
            #expect(try reader.read { try $0.count("SELECT max(size) FROM item") } == size)
        }
        await commits.stop()
    }

    @Test("When stopping ends, all that was queued is on the disk, and nothing more is taken")
    func stopping() async throws {
        let folder = try StorageFolder()
        let database = try folder.open()
        let commits = GroupCommit(database)
        // The writer is at something slow when it is told to stop, with more behind it than one transaction takes.
        commits.post { _ in usleep(300_000) }
        for size in 1...600 { commits.post { _ = try Self.insert("n\(size)", Int64(size))($0) } }
        await commits.stop()
        #expect(try database.read { try $0.count("SELECT count(*) FROM item") } == 600)
        // Whoever stops it a second time is not kept waiting.
        await commits.stop()
        do {
            _ = try await commits.submit(Self.insert("late", 1))
            Issue.record("a change was taken after the stop")
        } catch let error as StorageError {
            #expect(error.code == .busy)
        }
        #expect(try database.read { try $0.count("SELECT count(*) FROM item WHERE name = 'late'") } == 0)
    }

    @Test("When the disk fills up, those who were told of a failure have written nothing, and the others all")
    func fullDisk() async throws {
        let folder = try StorageFolder()
        let database = try folder.open()
        try database.write { try $0.executeScript("PRAGMA max_page_count = 60") }
        let commits = GroupCommit(database)
        let gate = Gate()
        gate.hold(commits)
        let told = await withTaskGroup(of: (String, StorageError.Code?).self) { group in
            for index in 1...20 {
                group.addTask {
                    let name = "n\(index)"
                    do {
                        _ = try await commits.submit {
                            try $0.execute(
                                "INSERT INTO item (name, size) VALUES ($1 || hex(zeroblob($2)), 1)", .text(name),
                                .integer(index == 10 ? 500_000 : 1))
                        }
                        return (name, nil)
                    } catch { return (name, (error as? StorageError)?.code) }
                }
            }
            gate.release()
            return await group.reduce(into: [(name: String, code: StorageError.Code?)]()) { $0.append((name: $1.0, code: $1.1)) }
        }
        #expect(told.first { $0.name == "n10" }?.code == .cannotWrite)
        #expect(told.allSatisfy { $0.code == nil || $0.code == .cannotWrite })
        let written = try database.read { try $0.all("SELECT name FROM item") { String(try $0.text("name").dropLast(2)) } }
        #expect(Set(written) == Set(told.filter { $0.code == nil }.map(\.name)))
        // It goes on when there is room again.
        _ = try await commits.submit(Self.insert("after", 1))
        await commits.stop()
    }
}
