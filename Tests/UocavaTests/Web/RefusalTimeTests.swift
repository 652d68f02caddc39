import Elections
import Foundation
import Synchronization
import Testing

@Suite("The time of a refusal")
struct RefusalTimeTests {
    /// Why a claim is refused.
    private enum Reason: Int, CaseIterable, Sendable {
        case unknown, wrong, locked, used
    }

    private static let isLong = ProcessInfo.processInfo.environment["UOCAVA_LONG_TESTS"] != nil
    private static let count = isLong ? 2000 : 150

    @Test("Unknown, wrong, locked and used links are refused after the same time", .timeLimit(.minutes(10)))
    func distribution() async throws {
        try await WebTestSite.serving { site in
            let each = Self.count
            // A link takes four wrong answers before it rests.
            let wrong = try site.issue((each + 3) / 4)
            let used = try site.issue((each + 3) / 4)
            let locked = try site.issue(20)
            try site.change(used, "state = 'claimed', claimed_at = 1")
            try site.change(locked, "locked_until = \(site.time.now.adding(seconds: 86_400).milliseconds)")
            func token(_ reason: Reason, _ index: Int) -> String {
                switch reason {
                case .unknown: WebTestSite.madeUpToken()
                case .wrong: wrong[index / 4].token
                case .used: used[index / 4].token
                case .locked: locked[index % locked.count].token
                }
            }
            // Shuffled: threads that keep a common beat would otherwise always ask for the same reason first.
            let jobs = (0..<each).flatMap { index in Reason.allCases.map { ($0, token($0, index)) } }.shuffled()
            var times = try await Self.ask(jobs, port: site.port)
            #expect(times.allSatisfy { $0.count == each })
            #expect(times.allSatisfy { $0.allSatisfy { $0 >= 0.25 } })
            // The short run shares the machine with all other tests, whose writes push some answers to the next beat; within the beat, nothing
            // may tell the reasons apart even then. The long run is alone and looks at the whole time.
            if !Self.isLong { times = times.map { $0.map { $0.truncatingRemainder(dividingBy: 0.25) } } }
            for (index, first) in Reason.allCases.enumerated() {
                for second in Reason.allCases[(index + 1)...] {
                    let p = kolmogorovSmirnov(times[first.rawValue], times[second.rawValue])
                    #expect(
                        p > 0.0005,
                        "\(first) and \(second) differ: p = \(p), medians \(median(times[first.rawValue])) and \(median(times[second.rawValue]))"
                    )
                }
            }
            #expect(try site.count("SELECT max(tries) FROM link") <= 4)
        }
    }

    /// The seconds from each request to the first byte of its response, by reason.
    private static func ask(_ jobs: [(Reason, String)], port: Int) async throws -> [[Double]] {
        let shared = WebTimedJobs(jobs: jobs.map { (reason: $0.0.rawValue, token: $0.1) }, reasons: Reason.allCases.count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<32 { group.addTask { try await WebTestSite.onThread { try shared.work(port: port) } } }
            try await group.waitForAll()
        }
        return shared.times.withLock { $0 }
    }

    private func median(_ sample: [Double]) -> Double { sample.sorted()[sample.count / 2] }

    /// The probability that two samples come from one distribution (two-sample Kolmogorov–Smirnov, asymptotic).
    private func kolmogorovSmirnov(_ first: [Double], _ second: [Double]) -> Double {
        let one = first.sorted()
        let two = second.sorted()
        var (i, j) = (0, 0)
        var distance = 0.0
        while i < one.count, j < two.count {
            let value = min(one[i], two[j])
            while i < one.count, one[i] <= value { i += 1 }
            while j < two.count, two[j] <= value { j += 1 }
            distance = max(distance, abs(Double(i) / Double(one.count) - Double(j) / Double(two.count)))
        }
        let size = (Double(one.count * two.count) / Double(one.count + two.count)).squareRoot()
        let lambda = (size + 0.12 + 0.11 / size) * distance
        guard lambda > 0.2 else { return 1 }
        var sum = 0.0
        for k in 1...100 {
            let power = Double(k) * lambda
            let term = 2 * exp(-2 * power * power)
            sum += k.isMultiple(of: 2) ? -term : term
        }
        return min(1, max(0, sum))
    }
}

/// Work that several threads share: each takes the next claim, on a connection that it keeps.
private final class WebTimedJobs: Sendable {
    let times: Mutex<[[Double]]>
    private let jobs: [(reason: Int, token: String)]
    private let next: Mutex<Int>

    init(jobs: [(reason: Int, token: String)], reasons: Int) {
        self.jobs = jobs
        next = Mutex(0)
        times = Mutex([[Double]](repeating: [], count: reasons))
    }

    func work(port: Int) throws {
        let connection = try WebTestConnection(port: port)
        while true {
            let index = next.withLock { index in
                defer { index += 1 }
                return index
            }
            guard index < jobs.count else { return }
            let (reason, token) = jobs[index]
            // So that the threads do not march in step.
            usleep(UInt32.random(in: 0..<20_000))
            let sent = ContinuousClock.now
            try connection.send(WebTestSite.request("POST", "/b/\(token)", body: "answer=1984-03-08"))
            let reply = try connection.receive()
            guard reply.status == 403 else { throw WebTestConnection.Failure(what: "status \(reply.status)") }
            times.withLock { $0[reason].append((reply.firstByteAt - sent) / .seconds(1)) }
        }
    }
}
