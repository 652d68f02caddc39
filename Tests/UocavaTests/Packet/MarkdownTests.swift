import Packet
import Testing

@Suite("A declaration's Markdown")
struct MarkdownTests {
    private static func shown(_ markdown: String) -> [String] {
        BaseMarkdown.blocks(of: markdown).map { block in
            let kind =
                switch block.kind {
                case .paragraph: "p"
                case .heading(let level): "h\(level)"
                case .item(let mark): mark
                }
            return "\(kind)@\(block.depth) \(block.markup.replacing("\u{2028}", with: "⏎"))"
        }
    }

    @Test(
        "Blocks",
        arguments: [
            ("one\ntwo\n\nthree", ["p@0 one two", "p@0 three"]),
            ("one\r\ntwo\r\n\r\nthree\r\n", ["p@0 one two", "p@0 three"]),
            ("", []), (" \n\t\n", []),
            ("# A\n## B #\n####### no\n#no", ["h1@0 A", "h2@0 B", "p@0 ####### no #no"]),
            ("Title\n=====\nSub\n---\ntext", ["h1@0 Title", "h2@0 Sub", "p@0 text"]),
            ("a\n\n---\n\n* * *\nb", ["p@0 a", "p@0 b"]),
            ("- a\n- b\n  goes on\nand on\n* c", ["•@1 a", "•@1 b goes on and on", "•@1 c"]),
            ("1. a\n2) b\n30. c", ["1.@1 a", "2.@1 b", "30.@1 c"]),
            ("1. a\n   - b\n     - c\n   - d\n2. e", ["1.@1 a", "•@2 b", "•@3 c", "•@2 d", "2.@1 e"]),
            ("- a\n\t- b\n\t\t- c\n- d", ["•@1 a", "•@2 b", "•@3 c", "•@1 d"]),
            ("- a\n\n  more of a\n\nafter", ["•@1 a", "p@1 more of a", "p@0 after"]),
            ("born on\n7. November\nand so on", ["p@0 born on 7. November and so on"]),
            ("that:\n1. a\n- b", ["p@0 that:", "1.@1 a", "•@1 b"]),
            ("1990. a\n-b\n+ c", ["p@0 1990. a -b", "•@1 c"]),
            ("one  \ntwo\\\nthree  \n", ["p@0 one⏎two⏎three"]),
            ("> quoted\n> text", ["p@0 quoted text"]),
            ("-\n1.", ["p@0 - 1."])
        ] as [(String, [String])])
    func blocks(markdown: String, expected: [String]) { #expect(Self.shown(markdown) == expected) }

    @Test(
        "Emphasis, links and signs",
        arguments: [
            ("**b** *i* __b__ _i_", "<b>b</b> <i>i</i> <b>b</b> <i>i</i>"),
            ("***both***", "<i><b>both</b></i>"),
            ("**b *i* b**", "<b>b <i>i</i> b</b>"), ("*i **b** i*", "<i>i <b>b</b> i</i>"),
            ("***a* b**", "<b><i>a</i> b</b>"), ("*a**", "<i>a</i>*"),
            ("** not ** * not *", "** not ** * not *"), ("**open", "**open"), ("a * b", "a * b"),
            ("snake_case_name", "snake_case_name"), ("in*fix*ed", "in<i>fix</i>ed"), ("它是**粗体**的", "它是<b>粗体</b>的"),
            ("\\*not\\* \\_", "*not* _"), ("a < b & c > d", "a &lt; b &amp; c &gt; d"), ("&amp; &lt;&nbsp;&x;", "&amp; &lt;\u{A0}&amp;x;"),
            ("<b>no</b>", "&lt;b&gt;no&lt;/b&gt;"),
            ("[the law](https://x.gov/a_b_c \"t\")", "the law (https://x.gov/a_b_c)"), ("<https://x.gov>", "https://x.gov"),
            ("[a@b.gov](mailto:a@b.gov)", "a@b.gov"), ("![seal](seal.png)", "seal (seal.png)"), ("[no] (link)", "[no] (link)"),
            ("_____ (initials)", "_____ (initials)"), ("****", "****"), ("`code`", "`code`")
        ])
    func inline(markdown: String, expected: String) {
        #expect(BaseMarkdown.blocks(of: "x " + markdown).map(\.markup) == ["x " + expected])
    }

    @Test("Any text at all is Markdown, and its tags are closed in order")
    func anything() {
        var random = SystemRandomNumberGenerator()
        let alphabet = ["*", "**", "_", "__", " ", "a", "é", "中", "<", "&", "\\", "[", "](", ")", "\n", "- ", "1. ", "#", "  ", "."]
        for _ in 0..<4000 {
            let text = (0..<Int.random(in: 0...24, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
            for block in BaseMarkdown.blocks(of: text) {
                var open: [Substring] = []
                for piece in block.markup.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
                    let tag = piece.prefix { $0 != ">" }
                    if tag.hasPrefix("/") {
                        #expect(open.popLast() == tag.dropFirst(), "\(text.debugDescription)")
                    } else {
                        open.append(tag)
                    }
                }
                #expect(open.isEmpty, "\(text.debugDescription)")
            }
        }
    }
}
