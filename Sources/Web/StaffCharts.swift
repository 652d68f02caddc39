import Elections
import Office

/// Charts as SVG, drawn here: no script, no image, and each stands above a table that says the same.
enum StaffCharts {
    private static let width = 720
    private static let height = 180
    private static let left = 56
    private static let bottom = 28

    /// Ballots issued and envelopes that came, by day: two bars a day, from the first day to the last.
    ///
    /// - Returns: an `svg` element; nil where nothing has happened.
    static func days(_ days: [Desk.Board.Day]) -> String? {
        guard let first = days.first?.date, let last = days.last?.date else { return nil }
        let count = first.days(until: last) + 1
        let most = max(1, days.map { max($0.issued, $0.returned) }.max() ?? 1)
        let room = width - left
        // Two bars and a gap; a year of days still has bars of a third of a pixel.
        let step = min(Double(room) / Double(count), 60)
        let bar = step * 0.4
        let scale = Double(height - bottom - 12) / Double(most)
        var marks = ""
        for day in days {
            let x = Double(left) + Double(first.days(until: day.date)) * step
            for (place, number, name) in [(0.0, day.issued, "issued"), (1.0, day.returned, "returned")] where number > 0 {
                let tall = max(1, Double(number) * scale)
                marks +=
                    "<rect class=\"\(name)\" x=\"\(text(x + place * bar))\" y=\"\(text(Double(height - bottom) - tall))\" width=\"\(text(max(bar, 0.3)))\" height=\"\(text(tall))\"/>"
            }
        }
        let base = height - bottom
        return """
            <svg class="chart" viewBox="0 0 \(width) \(height)" role="img" aria-label="Ballots issued and envelopes returned by day; the table below has the numbers">
            <line x1="\(left)" y1="\(base)" x2="\(width)" y2="\(base)"/><text x="\(left - 6)" y="18" text-anchor="end">\(StaffText.number(most))</text>\
            <text x="\(left - 6)" y="\(base)" text-anchor="end">0</text><text x="\(left)" y="\(height - 8)">\(StaffText.shortDay(first))</text>\
            \(count > 3 ? "<text x=\"\(text(min(Double(width), Double(left) + Double(count) * step)))\" y=\"\(height - 8)\" text-anchor=\"end\">\(StaffText.shortDay(last))</text>" : "")
            \(marks)</svg>
            """
    }

    /// How far the ballots came: a bar a step, the roll's being the longest.
    static func funnel(_ steps: [(words: String, count: Int)]) -> String? {
        guard let most = steps.map(\.count).max(), most > 0 else { return nil }
        let row = 30
        let names = 190
        let room = Double(width - names - 90)
        var marks = ""
        for (index, step) in steps.enumerated() {
            let y = index * row
            let long = Double(step.count) / Double(most) * room
            marks +=
                "<text x=\"\(names - 8)\" y=\"\(y + 20)\" text-anchor=\"end\">\(step.words)</text><rect class=\"step\" x=\"\(names)\" y=\"\(y + 5)\" width=\"\(text(long))\" height=\"20\"/><text x=\"\(text(Double(names) + long + 8))\" y=\"\(y + 20)\">\(StaffText.number(step.count))</text>"
        }
        return """
            <svg class="chart" viewBox="0 0 \(width) \(steps.count * row)" role="img" aria-label="How far the ballots came; the table below has the numbers">\(marks)</svg>
            """
    }

    /// A length with at most two decimals.
    private static func text(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = hundredths % 100
        return rest == 0 ? "\(hundredths / 100)" : "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
