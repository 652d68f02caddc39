import CHarfBuzz
import Foundation

/// Parts of Noto Sans CJK with just the characters of one packet's pages, as files that live as long as this object.
///
/// Cairo 1.16 takes a part of an OpenType font for the PDF by itself, and of one like this now and then drops a stroke's subroutine: about one
/// character in 3,000 is garbled or blank. HarfBuzz makes a part without subroutines first (6 ms), of which Cairo has nothing to drop.
final class BaseFontParts: Sendable {
    /// Regular and bold.
    let files: [String]
    private let folder: URL

    /// Parts for these characters, in the forms of a region: `JP`, `KR`, `SC`, `TC` or `HK`.
    ///
    /// Throws `font` where the font or a place for the files is missing.
    init(of scalars: Set<UInt32>, form: String) throws(PacketError) {
        // The order of the faces within Noto's collections.
        let index = ["JP", "KR", "SC", "TC", "HK"].firstIndex(of: form) ?? 2
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(BaseFonts.partsName + UUID().uuidString)
        var files: [String] = []
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for path in BaseFonts.cjkPaths {
                let file = folder.appendingPathComponent("\(files.count).otf")
                try Data(try Self.part(of: path, face: UInt32(index), scalars)).write(to: file)
                files.append(file.path)
            }
        } catch let error as PacketError {
            try? FileManager.default.removeItem(at: folder)
            throw error
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw PacketError(
                .font, "fonts cannot be made ready in \(folder.deletingLastPathComponent().path)", hint: "Is there room on the disk?",
                cause: "\(error)")
        }
        self.folder = folder
        self.files = files
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static func part(of path: String, face index: UInt32, _ scalars: Set<UInt32>) throws(PacketError) -> [UInt8] {
        guard let blob = unsafe hb_blob_create_from_file_or_fail(path) else { throw BaseFonts.missing(BaseFonts.cjk) }
        defer { unsafe hb_blob_destroy(blob) }
        let face = unsafe hb_face_create(blob, index)
        defer { unsafe hb_face_destroy(face) }
        guard let input = unsafe hb_subset_input_create_or_fail() else { throw failed() }
        defer { unsafe hb_subset_input_destroy(input) }
        unsafe hb_subset_input_set_flags(input, HB_SUBSET_FLAGS_DESUBROUTINIZE.rawValue | HB_SUBSET_FLAGS_NO_HINTING.rawValue)
        let characters = unsafe hb_subset_input_unicode_set(input)
        for scalar in scalars { unsafe hb_set_add(characters, scalar) }
        guard let subset = unsafe hb_subset_or_fail(face, input) else { throw failed() }
        defer { unsafe hb_face_destroy(subset) }
        let file = unsafe hb_face_reference_blob(subset)
        defer { unsafe hb_blob_destroy(file) }
        var length: UInt32 = 0
        let data = unsafe hb_blob_get_data(file, &length)
        return unsafe [UInt8](UnsafeRawBufferPointer(start: data, count: Int(length)))
    }

    private static func failed() -> PacketError { PacketError(.font, "HarfBuzz could not take a part of a font") }
}
