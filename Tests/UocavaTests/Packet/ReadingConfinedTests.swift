import Foundation
import Packet
import Testing

@Suite("The confined child", .enabled(if: TestProgram.present, "the uocava program is not built"))
struct ReadingConfinedTests {
    @Test("A job gets its bytes and gives bytes back, also a lot of them")
    func echo() throws {
        for size in [0, 1, 65_536, 20_000_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(try ReadingSamples.child().run("echo", bytes).bytes == bytes)
        }
    }

    @Test("Sixteen jobs at a time do not mix up their pipes")
    func manyAtOnce() async throws {
        let child = ReadingSamples.child()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let bytes = [UInt8](repeating: UInt8(number), count: 300_000)
                    return try child.run("echo", bytes).bytes == bytes
                }
            }
            for try await same in group { #expect(same) }
        }
    }

    @Test("A crash is survived and named")
    func crash() {
        let error = #expect(throws: PacketError.self) { try ReadingSamples.child().run("crash", []) }
        #expect(error?.code == .childCrashed)
        #expect(error?.message.contains("signal 11, segmentation fault") == true)
    }

    @Test("A child that eats memory ends at its limit")
    func hog() {
        let error = #expect(throws: PacketError.self) { try ReadingSamples.child().run("hog", []) }
        #expect(error?.code == .childOutOfMemory)
        #expect(error?.message.contains("500 MB") == true)
    }

    @Test("A child that never ends is stopped by the clock, and one that computes for ever by its processor time")
    func spin() {
        let started = ContinuousClock.now
        let byClock = #expect(throws: PacketError.self) { try ReadingSamples.child { $0.wallSeconds = 0.5 }.run("spin", []) }
        #expect(byClock?.code == .childTimedOut)
        #expect(ContinuousClock.now - started < .seconds(5))
        let byProcessor = #expect(throws: PacketError.self) { try ReadingSamples.child { $0.cpuSeconds = 1 }.run("spin", []) }
        #expect(byProcessor?.code == .childTimedOut)
        #expect(byProcessor?.message.contains("processor time") == true)
    }

    @Test("A result that is too long is cut off")
    func overflow() {
        let error = #expect(throws: PacketError.self) {
            try ReadingSamples.child { $0.outputBytes = 100_000 }.run("echo", [UInt8](repeating: 7, count: 5_000_000))
        }
        #expect(error?.code == .tooLarge)
    }

    @Test("A program that is not ours, or not there, is told apart from a bad file")
    func wrongProgram() {
        for program in ["/bin/true", "/bin/cat", "/nonexistent"] {
            let error = #expect(throws: PacketError.self) { try ConfinedChild(executable: program).run("read", []) }
            #expect(error?.code == .childUnavailable)
        }
        let unknown = #expect(throws: PacketError.self) { try ReadingSamples.child().run("no-such-job", []) }
        #expect(unknown?.code == .invalidInput)
    }

    @Test("A PDF that makes libqpdf crash is refused in plain words")
    func hostileFile() {
        // A chain of 60,000 page tree nodes: libqpdf walks it by recursion and runs out of stack.
        let depth = 60_000
        var objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
        for number in 2..<depth { objects.append("<</Type/Pages/Count 1/Kids[\(number + 1) 0 R]>>") }
        objects.append("<< /Type /Page /Parent \(depth - 1) 0 R /MediaBox [0 0 612 792] >>")
        let error = ReadingSamples.refusal(ReadingSamples.pdf(objects))
        #expect(error?.code == .childCrashed)
        #expect(error?.file == "ballot.pdf")
        #expect(error?.message.contains("the PDF made the reader crash (signal 11") == true)
    }
}
