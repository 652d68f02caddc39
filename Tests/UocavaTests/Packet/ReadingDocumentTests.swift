import Foundation
import Packet
import Testing

@Suite("A PDF document over libqpdf")
struct ReadingDocumentTests {
    @Test("Objects keep what is put into them")
    func objects() throws {
        let document = try QPDFDocument.empty()
        let dictionary = try document.parse("<< /A 1 /B 2.5 /C (text) /D /Name /E [true null <00ff>] /F << /G 7 >> >>")
        #expect(dictionary["/A"]?.integer == 1)
        #expect(dictionary["/A"]?.number == 1)
        #expect(dictionary["/B"]?.number == 2.5)
        #expect(dictionary["/B"]?.integer == nil)
        #expect(dictionary["/C"]?.text == "text")
        #expect(dictionary["/D"]?.name == "/Name")
        #expect(dictionary["/E"]?.count == 3)
        #expect(dictionary["/E"]?[0]?.boolean == true)
        #expect(dictionary["/E"]?[2]?.string == [0, 255])
        #expect(dictionary["/E"]?[3] == nil)
        #expect(dictionary["/F"]?["/G"]?.integer == 7)
        #expect(dictionary["/A"]?["/G"] == nil)
        #expect(dictionary.keys == ["/A", "/B", "/C", "/D", "/E", "/F"])
        try dictionary.set("/H", try document.text("Ñandú 東京"))
        try dictionary.remove("/A")
        #expect(dictionary["/H"]?.text == "Ñandú 東京")
        #expect(dictionary.keys.first == "/B")
        #expect(dictionary.id == nil)
        let indirect = try document.makeIndirect(dictionary)
        #expect(indirect.id != nil)
        #expect(try document.object(try #require(indirect.id))["/D"]?.name == "/Name")
        #expect(try document.object(PDFObjectID(number: 9999)).isNull)
    }

    @Test("A stream's data comes back, raw and decoded")
    func streams() throws {
        let document = try QPDFDocument.empty()
        let stream = try document.stream(Array("48656c6c6f>".utf8), filter: try document.name("/ASCIIHexDecode"))
        #expect(try stream.rawData() == Array("48656c6c6f>".utf8))
        #expect(try stream.decodedData() == Array("Hello".utf8))
        try stream.replaceData([])
        #expect(try stream.decodedData().isEmpty)
    }

    @Test("The same document is written to the same bytes, in plain form, and opens again")
    func writing() throws {
        let bytes = ReadingSamples.pages(3)
        let first = try QPDFDocument(reading: bytes, name: "a").write(minimumVersion: "1.7")
        let second = try QPDFDocument(reading: bytes, name: "b").write(minimumVersion: "1.7")
        #expect(first == second)
        #expect(first.starts(with: Array("%PDF-1.7".utf8)))
        #expect(ReadingSamples.contains(first, "\nxref\n"))
        let again = try QPDFDocument(reading: first, name: "again")
        #expect(try again.pageCount() == 3)
        #expect(again.warnings.isEmpty)
    }

    @Test("Pages and objects move between documents, and their data outlives the reader's last reference")
    func foreign() throws {
        let target = try QPDFDocument.empty()
        do {
            let source = try QPDFDocument(reading: ReadingSamples.page(content: "0.25 g 0 0 9 9 re f"), name: "source")
            try target.addPage(try source.page(0))
            try target.root().set("/Extra", try target.copyForeign(try #require(try source.page(0)["/Contents"])))
        }
        let written = try QPDFDocument(reading: try target.write(compress: false), name: "target")
        #expect(try written.pageCount() == 1)
        #expect(try written.page(0)["/Contents"]?.decodedData() == Array("0.25 g 0 0 9 9 re f".utf8))
        #expect(try written.root()["/Extra"]?.isStream == true)
    }

    @Test("What libqpdf throws arrives as an error with its words, and the document lives on")
    func errors() throws {
        let document = try QPDFDocument.empty(name: "mine")
        #expect(throws: PacketError.self) { try document.page(0) }
        #expect(throws: PacketError.self) { try document.page(-1) }
        #expect(throws: PacketError.self) { try document.parse("<< /A 5 0 R >>") }
        #expect(throws: PacketError.self) { try document.parse("<< /A") }
        #expect(throws: PacketError.self) { try document.integer(1).set("/A", try document.null()) }
        #expect(throws: PacketError.self) { try document.name("/A").append(try document.null()) }
        #expect(throws: PacketError.self) { try document.copyForeign(try QPDFDocument.empty().integer(1)) }
        #expect(throws: PacketError.self) { try document.array([try QPDFDocument.empty().integer(1)]) }
        let notStream = #expect(throws: PacketError.self) { try document.root().rawData() }
        #expect(notStream?.file == "mine")
        #expect(try document.pageCount() == 0)

        let broken = #expect(throws: PacketError.self) { try QPDFDocument(reading: Array("%PDF-1.4\nnothing".utf8), name: "x.pdf") }
        #expect(broken?.code == .damaged)
        #expect(broken?.file == "x.pdf")
        #expect(broken?.cause?.isEmpty == false)
        #expect(throws: PacketError.self) { try QPDFDocument(reading: [], name: "empty.pdf") }
    }

    @Test("An error says file, place, what, why and what to do")
    func description() {
        let error = PacketError(.damaged, "it is broken", hint: "Mend it", object: "object 1 0", cause: "xref").about(file: "a.pdf")
        #expect("\(error)" == "a.pdf, object 1 0: it is broken (xref). Mend it")
        #expect("\(PacketError(.font, "no font"))" == "no font")
    }
}
