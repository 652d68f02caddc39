import CQPDF

#if canImport(Glibc)
    import Glibc
#endif

/// An object of a ``QPDFDocument``: a reference to the document and libqpdf's number for the object.
///
/// Copying it copies the reference, as in PDF. Reading something that is not there gives nil (as hostile files have
/// anything anywhere); changing something that is not what it should be throws. Keys and names are written with their slash.
@safe package struct PDFObject {
    /// The document that the object belongs to, which it keeps alive.
    package let document: QPDFDocument
    let handle: qpdf_oh

    init(document: QPDFDocument, handle: qpdf_oh) {
        self.document = document
        self.handle = handle
    }

    // MARK: Types

    /// What an object is; `other` are things that only occur in content streams.
    package enum Kind: Sendable {
        case null, boolean, integer, real, string, name, array, dictionary, stream, other
    }

    /// What the object is, its reference resolved; `null` where it cannot be read.
    package var kind: Kind {
        let code = unsafe qpdf_oh_get_type_code(data, handle)
        guard quietly() else { return .null }
        return switch code {
        case ot_null, ot_uninitialized, ot_destroyed: .null
        case ot_boolean: .boolean
        case ot_integer: .integer
        case ot_real: .real
        case ot_string: .string
        case ot_name: .name
        case ot_array: .array
        case ot_dictionary: .dictionary
        case ot_stream: .stream
        default: .other
        }
    }

    /// Whether it is the null object, which is also what a reference to nothing is.
    package var isNull: Bool { kind == .null }
    /// Whether it is a dictionary; a stream is none, though it has one.
    package var isDictionary: Bool { kind == .dictionary }
    /// Whether it is an array.
    package var isArray: Bool { kind == .array }
    /// Whether it is a stream.
    package var isStream: Bool { kind == .stream }

    /// The object's number, or nil for a direct object.
    package var id: PDFObjectID? {
        let number = unsafe qpdf_oh_get_object_id(data, handle)
        let generation = unsafe qpdf_oh_get_generation(data, handle)
        guard quietly(), number > 0 else { return nil }
        return PDFObjectID(number: Int(number), generation: Int(generation))
    }

    // MARK: Scalars

    /// A boolean's value; nil for anything else.
    package var boolean: Bool? {
        var value: QPDF_BOOL = 0
        let found = unsafe qpdf_oh_get_value_as_bool(data, handle, &value)
        return quietly() && found != 0 ? value != 0 : nil
    }

    /// An integer's value; nil for anything else, also for `2.0`.
    package var integer: Int? {
        guard kind == .integer else { return nil }
        var value: CLongLong = 0
        let found = unsafe qpdf_oh_get_value_as_longlong(data, handle, &value)
        return quietly() && found != 0 ? Int(value) : nil
    }

    /// The value of an integer or a real; nil for anything else.
    package var number: Double? {
        let isNumber: Bool =
            switch kind {
            case .integer, .real: true
            default: false
            }
        guard isNumber else { return nil }
        var value = 0.0
        let found = unsafe qpdf_oh_get_value_as_number(data, handle, &value)
        return quietly() && found != 0 && value.isFinite ? value : nil
    }

    /// A name with its slash, escapes resolved; nil for anything else.
    package var name: String? {
        guard kind == .name else { return nil }
        let text = unsafe QPDFDocument.text(qpdf_oh_get_name(data, handle))
        return quietly() ? text : nil
    }

    /// A string's bytes; nil for anything else.
    package var string: [UInt8]? {
        guard kind == .string else { return nil }
        var length = 0
        let pointer = unsafe qpdf_oh_get_binary_string_value(data, handle, &length)
        guard quietly(), let pointer = unsafe pointer else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: pointer, count: length))
    }

    /// A string as text, from PDFDocEncoding, UTF-16 or UTF-8; nil for anything else.
    package var text: String? {
        guard kind == .string else { return nil }
        var length = 0
        let pointer = unsafe qpdf_oh_get_binary_utf8_value(data, handle, &length)
        guard quietly(), let pointer = unsafe pointer else { return nil }
        return unsafe String(decoding: UnsafeRawBufferPointer(start: pointer, count: length), as: UTF8.self)
    }

    // MARK: Dictionaries (of streams too)

    /// The value of a key in a dictionary or in a stream's dictionary; nil where it is absent or null.
    package subscript(key: String) -> PDFObject? {
        guard let dictionary = asDictionary else { return nil }
        let value = unsafe qpdf_oh_get_key(data, dictionary, key)
        guard quietly() else { return nil }
        let object = PDFObject(document: document, handle: value)
        return object.isNull ? nil : object
    }

    /// All keys that have a value, in byte order.
    package var keys: [String] { entries.map(\.key) }

    /// All keys with their values, in byte order of the keys.
    ///
    /// A key that is not UTF-8 appears with replacement characters, yet its value is the right one.
    package var entries: [(key: String, value: PDFObject)] {
        guard let dictionary = asDictionary else { return [] }
        unsafe qpdf_oh_begin_dict_key_iter(data, dictionary)
        guard quietly() else { return [] }
        var raw: [[CChar]] = []
        while unsafe qpdf_oh_dict_more_keys(data) != 0, let key = unsafe qpdf_oh_dict_next_key(data) {
            unsafe raw.append(Array(UnsafeBufferPointer(start: key, count: strlen(key) + 1)))
        }
        var entries: [(key: String, value: PDFObject)] = []
        entries.reserveCapacity(raw.count)
        for key in raw {
            let value = unsafe qpdf_oh_get_key(data, dictionary, key)
            guard quietly() else { continue }
            let name = String(decoding: key.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            entries.append((name, PDFObject(document: document, handle: value)))
        }
        return entries
    }

    /// Sets a key; the value must belong to the same document.
    package func set(_ key: String, _ value: PDFObject) throws(PacketError) {
        guard let dictionary = asDictionary else { throw wrongKind("dictionary") }
        try sameDocument(value)
        unsafe qpdf_oh_replace_key(data, dictionary, key, value.handle)
        try document.check()
    }

    /// Takes a key out, if it is there.
    package func remove(_ key: String) throws(PacketError) {
        guard let dictionary = asDictionary else { throw wrongKind("dictionary") }
        unsafe qpdf_oh_remove_key(data, dictionary, key)
        try document.check()
    }

    private var asDictionary: qpdf_oh? {
        switch kind {
        case .dictionary: return handle
        case .stream:
            let dictionary = unsafe qpdf_oh_get_dict(data, handle)
            return quietly() ? dictionary : nil
        default: return nil
        }
    }

    // MARK: Arrays

    /// How many items an array has; 0 for anything else.
    package var count: Int {
        guard kind == .array else { return 0 }
        let count = unsafe qpdf_oh_get_array_n_items(data, handle)
        return quietly() ? Int(count) : 0
    }

    /// An array's item, counted from 0; nil outside of it.
    package subscript(index: Int) -> PDFObject? {
        guard index >= 0, index < count else { return nil }
        let item = unsafe qpdf_oh_get_array_item(data, handle, CInt(clamping: index))
        return quietly() ? PDFObject(document: document, handle: item) : nil
    }

    /// An array's items.
    package var items: [PDFObject] {
        let count = count
        var items: [PDFObject] = []
        items.reserveCapacity(count)
        for index in 0..<count {
            let item = unsafe qpdf_oh_get_array_item(data, handle, CInt(clamping: index))
            if quietly() { items.append(PDFObject(document: document, handle: item)) }
        }
        return items
    }

    /// Adds an item of the same document at the end of an array.
    package func append(_ item: PDFObject) throws(PacketError) {
        guard kind == .array else { throw wrongKind("array") }
        try sameDocument(item)
        unsafe qpdf_oh_append_item(data, handle, item.handle)
        try document.check()
    }

    // MARK: Streams

    /// A stream's data as it is in the file, filters left on.
    package func rawData() throws(PacketError) -> [UInt8] { try streamData(qpdf_dl_none) }

    /// A stream's data with all its filters taken off but those of pictures (JPEG, fax).
    ///
    /// Throws `damaged` where a filter fails or none is known.
    package func decodedData() throws(PacketError) -> [UInt8] { try streamData(qpdf_dl_specialized) }

    private func streamData(_ level: qpdf_stream_decode_level_e) throws(PacketError) -> [UInt8] {
        guard kind == .stream else { throw wrongKind("stream") }
        var bytes: UnsafeMutablePointer<UInt8>?
        var length = 0
        var filtered: QPDF_BOOL = 0
        _ = unsafe qpdf_oh_get_stream_data(data, handle, level, &filtered, &bytes, &length)
        defer { unsafe free(bytes) }
        try document.check()
        guard let bytes = unsafe bytes else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: length))
    }

    /// Gives a stream other data, already encoded with `filter` (nil: not encoded).
    package func replaceData(_ bytes: [UInt8], filter: PDFObject? = nil, decodeParameters: PDFObject? = nil) throws(PacketError) {
        guard kind == .stream else { throw wrongKind("stream") }
        let none = try document.null()
        let filterHandle = (filter ?? none).handle
        let parametersHandle = (decodeParameters ?? none).handle
        // An empty array has no address, and qpdf makes a string of what it gets: give it one byte and the length 0.
        let buffer = bytes.isEmpty ? [0] : bytes
        unsafe qpdf_oh_replace_stream_data(data, handle, buffer, bytes.count, filterHandle, parametersHandle)
        try document.check()
    }

    // MARK: Private

    private var data: qpdf_data? { unsafe document.handle }

    /// Whether the last call worked; what went wrong in reading is dropped, for the caller treats it as absent.
    private func quietly() -> Bool { document.forgetError() }

    private func wrongKind(_ wanted: String) -> PacketError {
        PacketError(
            .damaged, "a \(wanted) is expected where there is \(kind)", file: document.name,
            object: id.map { "object \($0.number) \($0.generation)" })
    }

    private func sameDocument(_ other: PDFObject) throws(PacketError) {
        guard other.document === document else { throw PacketError(.invalidInput, "an object of another document: copy it first") }
    }
}
