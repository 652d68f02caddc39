import CQPDF

/// A PDF in memory: the only owner of a libqpdf handle.
///
/// libqpdf repairs, parses and writes; what goes wrong in it becomes a ``PacketError`` with qpdf's own text, object and
/// offset. Warnings (a file that needed a guess to be read) never throw: they collect in ``warnings``. Not thread-safe,
/// and therefore not `Sendable`. A hostile file may make libqpdf crash or eat all memory, so vendors' files are opened
/// in a ``ConfinedChild`` only.
///
/// Source: `qpdf/qpdf-c.h` of qpdf 11.3. Nearly all of its calls catch C++ exceptions and set an error that must be
/// asked for; the few that do not are not called here (`qpdf_get_info_key`, `qpdf_set_info_key`, the `qpdf_allow_…` family).
@safe package final class QPDFDocument {
    /// libqpdf's handle; nil only while `init` fails.
    private var data: qpdf_data?
    /// The bytes being read, which libqpdf uses without a copy until the handle is cleaned up.
    private let source: UnsafeMutableRawBufferPointer
    /// Documents that objects were copied from: their bytes must outlive this one, for stream data is copied on writing.
    private var lenders: [QPDFDocument] = []
    /// What the file is called in messages.
    package let name: String
    private var seenWarnings: [PacketWarning] = []

    /// Opens a PDF.
    ///
    /// With `recover` false, damage that libqpdf would have to repair throws `damaged`; with `recover` true it repairs
    /// and says so in ``warnings``. Throws `encrypted` for a file that wants a password.
    package init(reading bytes: [UInt8], name: String, recover: Bool = false) throws(PacketError) {
        self.name = name
        unsafe source = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
        unsafe source.copyBytes(from: bytes)
        unsafe data = qpdf_init()
        let handle = try unsafe open()
        unsafe qpdf_set_attempt_recovery(handle, recover ? 1 : 0)
        let base = unsafe source.baseAddress?.assumingMemoryBound(to: CChar.self)
        _ = unsafe qpdf_read_memory(handle, name, base, UInt64(bytes.count), nil)
        try check()
    }

    private init(emptyNamed name: String) throws(PacketError) {
        self.name = name
        unsafe source = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        unsafe data = qpdf_init()
        _ = unsafe qpdf_empty_pdf(try open())
        try check()
    }

    /// A PDF without pages, to add pages to.
    package static func empty(name: String = "new document") throws(PacketError) -> QPDFDocument {
        try QPDFDocument(emptyNamed: name)
    }

    deinit {
        if unsafe data != nil { unsafe qpdf_cleanup(&data) }
        unsafe source.deallocate()
    }

    /// The handle, silenced: qpdf must write neither errors nor warnings to our stderr.
    private func open() throws(PacketError) -> qpdf_data {
        guard let handle = unsafe data else { throw PacketError(.library, "libqpdf gave no document") }
        unsafe qpdf_silence_errors(handle)
        unsafe qpdf_set_suppress_warnings(handle, 1)
        return unsafe handle
    }

    /// The handle for ``PDFObject``, which calls libqpdf with it.
    var handle: qpdf_data? { unsafe data }

    // MARK: Errors

    /// Throws what the last call left behind, if anything.
    func check() throws(PacketError) {
        guard let data = unsafe data, unsafe qpdf_has_error(data) != 0 else { return }
        guard let error = unsafe qpdf_get_error(data) else { return }
        let kind = unsafe qpdf_get_error_code(data, error)
        let detail = unsafe Self.text(qpdf_get_error_message_detail(data, error))
        let full = unsafe Self.text(qpdf_get_error_full_text(data, error))
        let offset = unsafe qpdf_get_error_file_position(data, error)
        let place = Self.place(full: full, detail: detail, name: name, offset: offset)
        let (code, message): (PacketError.Code, String) =
            switch kind {
            case _ where place?.hasPrefix("encryption dictionary") == true:
                (.encrypted, "the file is encrypted in a way that cannot be read")
            case qpdf_e_password: (.encrypted, "the file is encrypted and wants a password")
            case qpdf_e_damaged_pdf: (.damaged, "the PDF is damaged")
            case qpdf_e_pages: (.damaged, "the PDF's list of pages is damaged")
            case qpdf_e_unsupported: (.damaged, "the PDF uses something that cannot be read")
            default: (.library, "the PDF library could not do this")
            }
        throw PacketError(code, message, file: name, object: place, cause: detail)
    }

    /// Drops what the last call left behind; false if there was something.
    func forgetError() -> Bool {
        guard unsafe qpdf_has_error(data) != 0 else { return true }
        _ = unsafe qpdf_get_error(data)
        return false
    }

    /// Everything qpdf warned of up to now, oldest first.
    package var warnings: [PacketWarning] {
        guard let data = unsafe data else { return seenWarnings }
        while unsafe qpdf_more_warnings(data) != 0, let warning = unsafe qpdf_next_warning(data) {
            let kind = unsafe qpdf_get_error_code(data, warning)
            let detail = unsafe Self.text(qpdf_get_error_message_detail(data, warning))
            let full = unsafe Self.text(qpdf_get_error_full_text(data, warning))
            let offset = unsafe qpdf_get_error_file_position(data, warning)
            // A hostile file can warn for every one of a million objects: keep enough to know what is wrong.
            guard seenWarnings.count < 100 else { continue }
            seenWarnings.append(
                PacketWarning(
                    message: detail, object: Self.place(full: full, detail: detail, name: name, offset: offset),
                    isDamage: kind != qpdf_e_linearization && !detail.hasPrefix(Self.wrongCount)))
        }
        return seenWarnings
    }

    /// How qpdf 11.3 begins to say that `/Size` is too large, which needs no repair. Were it to change its words, such files would
    /// count as damaged, which is safe.
    private static let wrongCount = "reported number of objects ("

    /// `name (object 5 0, offset 1234): detail` is how qpdf prints it; this is the part in parentheses.
    private static func place(full: String, detail: String, name: String, offset: UInt64) -> String? {
        if full.hasPrefix(name + " ("), full.hasSuffix("): " + detail) {
            return String(full.dropFirst(name.count + 2).dropLast(detail.count + 3))
        }
        return offset > 0 ? "offset \(offset)" : nil
    }

    /// A C string of qpdf, copied before the next call reuses its buffer; bytes that are not UTF-8 are repaired.
    static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        guard let pointer = unsafe pointer else { return "" }
        return unsafe String(cString: pointer)
    }

    // MARK: The document

    /// Whether the file is encrypted, even if it opens without a password.
    package var isEncrypted: Bool { unsafe qpdf_is_encrypted(data) != 0 }

    /// How many pages there are; throws `damaged` where the page tree cannot be walked.
    package func pageCount() throws(PacketError) -> Int {
        let count = unsafe qpdf_get_num_pages(data)
        try check()
        return Int(count)
    }

    /// A page's dictionary, counted from 0.
    package func page(_ index: Int) throws(PacketError) -> PDFObject {
        try made(unsafe qpdf_get_page_n(data, index))
    }

    /// Adds a page at the end; it may belong to another document, whose objects are then copied.
    package func addPage(_ page: PDFObject) throws(PacketError) {
        _ = unsafe qpdf_add_page(data, page.document.handle, page.handle, 0)
        try check()
        lend(page.document)
    }

    /// Takes a page out of the list of pages.
    package func removePage(_ page: PDFObject) throws(PacketError) {
        _ = unsafe qpdf_remove_page(data, page.handle)
        try check()
    }

    /// Writes inherited `Resources`, `MediaBox`, `CropBox` and `Rotate` into each page's own dictionary.
    package func pushInheritedAttributes() throws(PacketError) {
        _ = unsafe qpdf_push_inherited_attributes_to_page(data)
        try check()
    }

    /// The trailer dictionary.
    package func trailer() throws(PacketError) -> PDFObject { try made(unsafe qpdf_get_trailer(data)) }

    /// The document catalog.
    package func root() throws(PacketError) -> PDFObject { try made(unsafe qpdf_get_root(data)) }

    /// An object by its number; a null object where there is none.
    package func object(_ id: PDFObjectID) throws(PacketError) -> PDFObject {
        try made(unsafe qpdf_get_object_by_id(data, CInt(clamping: id.number), CInt(clamping: id.generation)))
    }

    /// Puts another object in the place of an indirect one, for all who refer to it.
    package func replace(_ id: PDFObjectID, with object: PDFObject) throws(PacketError) {
        unsafe qpdf_replace_object(data, CInt(clamping: id.number), CInt(clamping: id.generation), object.handle)
        try check()
    }

    /// A copy in this document of an object of another one, with everything it refers to but pages.
    ///
    /// The object must be indirect. Copying the same object again gives the same copy.
    package func copyForeign(_ foreign: PDFObject) throws(PacketError) -> PDFObject {
        let copy = try made(unsafe qpdf_oh_copy_foreign_object(data, foreign.document.handle, foreign.handle))
        // The error of a failed copy is set at the lender, not here.
        try foreign.document.check()
        lend(foreign.document)
        return copy
    }

    private func lend(_ other: QPDFDocument) {
        if other !== self, !lenders.contains(where: { $0 === other }) { lenders.append(other) }
    }

    // MARK: New objects

    /// Makes an object indirect, so that several can refer to it; returns the reference.
    package func makeIndirect(_ object: PDFObject) throws(PacketError) -> PDFObject {
        try made(unsafe qpdf_make_indirect_object(data, object.handle))
    }

    /// An object from PDF syntax such as `<< /Type /Sig /Kids [] >>`; references (`5 0 R`) are not allowed in it.
    package func parse(_ text: String) throws(PacketError) -> PDFObject {
        guard !text.utf8.contains(0) else { throw PacketError(.invalidInput, "PDF syntax with a zero byte in it") }
        return try made(unsafe qpdf_oh_parse(data, text))
    }

    /// The null object.
    package func null() throws(PacketError) -> PDFObject { try made(unsafe qpdf_oh_new_null(data)) }

    /// A boolean, direct; make it indirect to share it.
    package func boolean(_ value: Bool) throws(PacketError) -> PDFObject { try made(unsafe qpdf_oh_new_bool(data, value ? 1 : 0)) }

    /// An integer.
    package func integer(_ value: Int) throws(PacketError) -> PDFObject { try made(unsafe qpdf_oh_new_integer(data, Int64(value))) }

    /// A real number with up to six decimals.
    package func real(_ value: Double) throws(PacketError) -> PDFObject {
        try made(unsafe qpdf_oh_new_real_from_double(data, value, 6))
    }

    /// A name, with its slash: `"/Type"`.
    package func name(_ value: String) throws(PacketError) -> PDFObject {
        guard !value.utf8.contains(0) else { throw PacketError(.invalidInput, "a PDF name with a zero byte in it") }
        return try made(unsafe qpdf_oh_new_name(data, value))
    }

    /// A string of bytes.
    package func string(_ bytes: [UInt8]) throws(PacketError) -> PDFObject {
        let handle = unsafe bytes.withUnsafeBytes { raw in
            unsafe qpdf_oh_new_binary_string(data, raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count)
        }
        try check()
        return PDFObject(document: self, handle: handle)
    }

    /// A text string, in PDFDocEncoding or UTF-16 as the text needs.
    package func text(_ value: String) throws(PacketError) -> PDFObject {
        let bytes = Array(value.utf8)
        let handle = unsafe bytes.withUnsafeBytes { raw in
            unsafe qpdf_oh_new_binary_unicode_string(data, raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count)
        }
        try check()
        return PDFObject(document: self, handle: handle)
    }

    /// An empty array, or one of these.
    package func array(_ items: [PDFObject] = []) throws(PacketError) -> PDFObject {
        let array = try made(unsafe qpdf_oh_new_array(data))
        for item in items { try array.append(item) }
        return array
    }

    /// An empty dictionary, or one of these; keys have their slash.
    package func dictionary(_ entries: KeyValuePairs<String, PDFObject> = [:]) throws(PacketError) -> PDFObject {
        let dictionary = try made(unsafe qpdf_oh_new_dictionary(data))
        for (key, value) in entries { try dictionary.set(key, value) }
        return dictionary
    }

    /// A new stream (always indirect) with this data, unfiltered unless `filter` names how the data is encoded already.
    package func stream(_ bytes: [UInt8], filter: PDFObject? = nil, decodeParameters: PDFObject? = nil) throws(PacketError) -> PDFObject {
        let stream = try made(unsafe qpdf_oh_new_stream(data))
        try stream.replaceData(bytes, filter: filter, decodeParameters: decodeParameters)
        return stream
    }

    /// What a call returned, if it did not leave an error behind.
    private func made(_ handle: qpdf_oh) throws(PacketError) -> PDFObject {
        try check()
        return PDFObject(document: self, handle: handle)
    }

    // MARK: Writing

    /// The document as bytes in plain form; the same document gives the same bytes.
    ///
    /// Plain form is a classic cross-reference table, no object streams, an `/ID` made of the content, no encryption, and only
    /// what the trailer reaches. Objects are numbered anew: find yours again by a marker key. Streams without a filter are
    /// deflated unless `compress` is false. `minimumVersion` raises the version in the header, e.g. `"1.7"`.
    package func write(minimumVersion: String? = nil, compress: Bool = true) throws(PacketError) -> [UInt8] {
        _ = unsafe qpdf_init_write_memory(data)
        try check()
        unsafe qpdf_set_object_stream_mode(data, qpdf_o_disable)
        unsafe qpdf_set_stream_data_mode(data, compress ? qpdf_s_compress : qpdf_s_preserve)
        unsafe qpdf_set_preserve_unreferenced_objects(data, 0)
        unsafe qpdf_set_preserve_encryption(data, 0)
        unsafe qpdf_set_linearization(data, 0)
        unsafe qpdf_set_qdf_mode(data, 0)
        unsafe qpdf_set_content_normalization(data, 0)
        unsafe qpdf_set_newline_before_endstream(data, 1)
        unsafe qpdf_set_deterministic_ID(data, 1)
        if let minimumVersion { unsafe qpdf_set_minimum_pdf_version(data, minimumVersion) }
        _ = unsafe qpdf_write(data)
        try check()
        let length = unsafe qpdf_get_buffer_length(data)
        guard let bytes = unsafe qpdf_get_buffer(data), length > 0 else {
            throw PacketError(.library, "libqpdf wrote nothing", file: name)
        }
        return unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: length))
    }
}

/// Something qpdf noticed while reading.
package struct PacketWarning: Sendable, Codable, Equatable {
    /// qpdf's own words.
    package var message: String
    /// Where in the file.
    package var object: String?
    /// False for what needs no repair: outdated hints for loading over the web, a count of objects that is too large.
    package var isDamage: Bool
}

/// The number of an indirect object; number 0 means a direct one.
package struct PDFObjectID: Hashable, Sendable, Codable {
    /// The object number, from 1.
    package var number: Int
    /// The generation, nearly always 0.
    package var generation: Int

    /// An object's number and generation.
    package init(number: Int, generation: Int = 0) {
        self.number = number
        self.generation = generation
    }
}
