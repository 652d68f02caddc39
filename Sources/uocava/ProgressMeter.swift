import Foundation
import Synchronization

/// Tells how far a long run is, on stderr: a bar with rate and time left on a terminal, otherwise a plain line every ten seconds.
///
/// Short work says nothing: the first sign comes after a second on a terminal, after ten elsewhere.
final class ProgressMeter: Sendable {
    private let task: String
    private let noun: String
    private let redraws: Bool
    private let state: Mutex<State>

    private struct State {
        let begin = ContinuousClock.now
        var shown: ContinuousClock.Instant?
        var isDrawn = false
    }

    /// - Parameters:
    ///   - task: what is being done, e.g. `Issuing`.
    ///   - noun: what is counted, e.g. `voters`.
    init(_ task: String, of noun: String) {
        self.task = task
        self.noun = noun
        redraws = Terminal.canRedraw
        state = Mutex(State())
    }

    /// Shows it if it is time to; from any thread.
    ///
    /// - Parameter beside: what else is to be told of it, e.g. `3 deferred`.
    func update(_ done: Int, of total: Int, beside: String = "") {
        state.withLock { state in
            let now = ContinuousClock.now
            let since = state.shown ?? state.begin
            let wait: Duration = redraws ? (state.shown == nil ? .seconds(1) : .milliseconds(200)) : .seconds(10)
            guard total > 0, now - since >= wait else { return }
            state.shown = now
            state.isDrawn = true
            let elapsed = Double((now - state.begin).components.seconds) + Double((now - state.begin).components.attoseconds) / 1e18
            let words = Self.words(noun, done: min(done, total), total: total, elapsed: elapsed, beside: beside)
            if redraws {
                let room = Terminal.width(STDERR_FILENO) - 1
                Output.raw("\r\u{1B}[K" + Self.bar(task, words, done: min(done, total), total: total, width: room))
            } else {
                Output.raw("\(task): \(words)\n")
            }
        }
    }

    /// Names the part that begins, on a terminal: for work whose size nobody knows beforehand.
    func begin(_ part: String) {
        guard redraws else { return }
        state.withLock { state in
            state.isDrawn = true
            Output.raw("\r\u{1B}[K\(task): \(part) …")
        }
    }

    /// Tells what holds it up, once; on a terminal the bar comes back with the next update.
    func wait(for what: String) {
        state.withLock { state in
            state.isDrawn = true
            if redraws {
                Output.raw("\r\u{1B}[K" + String("\(task): waiting for \(what)".prefix(Terminal.width(STDERR_FILENO) - 1)))
            } else {
                Output.raw("\(task): waiting for \(what)\n")
            }
        }
    }

    /// Takes away what was drawn.
    func finish() {
        state.withLock { state in
            if redraws, state.isDrawn { Output.raw("\r\u{1B}[K") }
            state.isDrawn = false
        }
    }

    /// `124,000 of 200,000 voters, 6,120/s, 13 s left`.
    static func words(_ noun: String, done: Int, total: Int, elapsed: Double, beside: String = "") -> String {
        var text = "\(grouped(done)) of \(grouped(total)) \(noun)"
        if !beside.isEmpty { text += ", \(beside)" }
        let rate = elapsed > 0 ? Double(done) / elapsed : 0
        guard rate > 0 else { return text }
        text += rate >= 10 ? ", \(grouped(Int(rate)))/s" : ", \(Int(rate * 10) / 10).\(Int(rate * 10) % 10)/s"
        if done < total { text += ", \(spoken(Double(total - done) / rate)) left" }
        return text
    }

    private static func bar(_ task: String, _ words: String, done: Int, total: Int, width: Int) -> String {
        let percent = "\(done * 100 / total)%"
        let room = width - task.count - words.count - percent.count - 6
        guard room >= 8 else { return String("\(task) \(percent)  \(words)".prefix(width)) }
        let length = min(room, 30)
        let full = length * done / total
        return "\(task)  \(String(repeating: "█", count: full))\(String(repeating: "░", count: length - full))  \(percent)  \(words)"
    }

    /// 90 seconds are `2 min`, 4000 are `1 h 7 min`.
    static func spoken(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded(.up))
        if whole < 60 { return "\(whole) s" }
        let minutes = (whole + 59) / 60
        return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }

    /// 1234567 as `1,234,567`.
    static func grouped(_ number: Int) -> String {
        var text = ""
        for (index, digit) in String(number).reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3), digit != "-" { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
