/// The structure tree that Cairo wrote, completed: languages, and the voter's text at its place among the elements.
///
/// A screen reader that follows the tree then finds all that the office and the voter's tail say. The vendors' pages are not in it: their
/// own tags, if they had any, were dropped when they were read, and nothing may be added to them.
struct BaseStructure {
    private let document: QPDFDocument
    /// The element for the voter's text, by the page's object.
    private var overlays: [PDFObjectID: PDFObject] = [:]
    /// Cairo's lists of elements, by the page's key in the tree.
    private var parents: [Int: PDFObject] = [:]
    /// What is added to Cairo's keys: a vendor's form may bring small ones of a tree that it has lost.
    private static let firstKey = 1_000_000

    /// Reads the tree and writes into it what Cairo could not; `elements` is its order of drawing.
    ///
    /// Throws `library` where the tree is not that one.
    init(_ document: QPDFDocument, elements: [BaseElement]) throws(PacketError) {
        self.document = document
        guard let tree = try document.root()["/StructTreeRoot"], let numbers = tree["/ParentTree"]?["/Nums"] else {
            throw Self.strange("none")
        }
        var found: [PDFObject] = []
        Self.collect(tree["/K"], into: &found)
        guard found.count == elements.count, zip(found, elements).allSatisfy({ $0["/S"]?.name == "/" + $1.tag }) else {
            throw Self.strange("\(found.count) elements instead of \(elements.count)")
        }
        for (object, element) in zip(found, elements) {
            if let language = element.language { try object.set("/Lang", document.text(language)) }
            if element.isOverlay, let page = object["/Pg"]?.id { overlays[page] = object }
        }
        var raised: [PDFObject] = []
        for pair in stride(from: 0, to: numbers.count - 1, by: 2) {
            guard let key = numbers[pair]?.integer, let list = numbers[pair + 1] else { throw Self.strange("no keys") }
            parents[key] = list
            raised += [try document.integer(key + Self.firstKey), list]
        }
        try tree["/ParentTree"]?.set("/Nums", document.array(raised))
    }

    /// Gives a page of Cairo's its new key, and says between which operators the overlay is drawn to be an element of the tree.
    func place(_ page: PDFObject, hasOverlay: Bool) throws(PacketError) -> (before: String, after: String) {
        guard let key = page["/StructParents"]?.integer else { return ("/Artifact BMC\n", "EMC\n") }
        try page.set("/StructParents", document.integer(key + Self.firstKey))
        guard hasOverlay else { return ("", "") }
        guard let id = page.id, let element = overlays[id], let list = parents[key], list.isArray else {
            throw Self.strange("no place for a page's overlay")
        }
        let number = list.count
        try list.append(element)
        var content = element["/K"].map { [$0] } ?? []
        content.append(try document.integer(number))
        try element.set("/K", document.array(content))
        return ("/P <</MCID \(number)>> BDC\n", "EMC\n")
    }

    private static func collect(_ object: PDFObject?, into found: inout [PDFObject]) {
        guard let object else { return }
        if object.isArray {
            for item in object.items { collect(item, into: &found) }
        } else if object.isDictionary, object["/S"] != nil {
            found.append(object)
            collect(object["/K"], into: &found)
        }
    }

    private static func strange(_ cause: String) -> PacketError {
        PacketError(.library, "Cairo's structure tree is not the one that was drawn", cause: cause)
    }

    // MARK: Artifacts

    /// A page's operators with everything outside of marked content, which is lines and frames, marked as an artifact.
    ///
    /// Cairo writes each operator that begins or ends marked content at the end of a line, and text within it only.
    static func markingArtifacts(in content: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var outside: [UInt8] = []
        var depth = 0
        func close() {
            let draws = outside.split(separator: UInt8(ascii: "\n")).contains { line in
                [" S", " f", " f*", " s", " B", " Do"].contains { line.suffix($0.utf8.count).elementsEqual($0.utf8) }
                    || line.elementsEqual("f".utf8) || line.elementsEqual("S".utf8)
            }
            out += draws ? Array("/Artifact BMC\n".utf8) + outside + Array("EMC\n".utf8) : outside
            outside = []
        }
        for line in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let bytes = line + [UInt8(ascii: "\n")]
            if line.suffix(4).elementsEqual(" BDC".utf8) {
                if depth == 0 { close() }
                depth += 1
                out += bytes
            } else if line.elementsEqual("EMC".utf8), depth > 0 {
                depth -= 1
                out += bytes
            } else if depth == 0 {
                outside += bytes
            } else {
                out += bytes
            }
        }
        close()
        return out
    }
}
