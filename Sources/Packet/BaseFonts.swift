import CPango

#if canImport(Glibc)
    import Glibc
#endif

/// The fonts of the office's pages, and no others: what else is installed on a machine, or said in its font settings, changes nothing.
///
/// Noto Sans for most scripts and Noto Sans CJK for Chinese, Japanese and Korean, whose characters take the form of the packet's
/// language; DejaVu Sans for signs that Noto lacks. Each page's PDF embeds the glyphs that it shows.
enum BaseFonts {
    /// A Debian package and what its absence would mean.
    struct Package: Sendable {
        let name: String
        /// A file without which nothing of it is there.
        let path: String
    }

    /// Latin, Greek, Cyrillic and most other scripts.
    static let noto = Package(name: "fonts-noto-core", path: "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf")
    /// Chinese, Japanese and Korean.
    static let cjk = Package(name: "fonts-noto-cjk", path: "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")

    /// Regular and bold.
    static let cjkPaths = ["Regular", "Bold"].map { "/usr/share/fonts/opentype/noto/NotoSansCJK-\($0).ttc" }
    /// How the folders of ``BaseFontParts`` begin.
    static let partsName = "uocava-fonts-"

    /// Scripts of living languages with a font of their own, as Noto's files are called.
    private static let scripts = [
        "Arabic", "Armenian", "Bengali", "CanadianAboriginal", "Cherokee", "Devanagari", "Ethiopic", "Georgian", "Gujarati", "Gurmukhi",
        "Hebrew", "Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thaana", "Thai", "Tifinagh",
        "NKo", "Adlam", "OlChiki", "PahawhHmong", "Osage", "Syriac", "Mongolian", "Vai", "Yi"
    ]

    /// The families, in the order in which a character is looked for, separated by commas.
    ///
    /// Noto Sans CJK comes first in a text in which its characters are, so that punctuation has its full width there.
    static func families(form: String?) -> String {
        let others =
            scripts.map { "Noto Sans " + spaced($0) } + ["Noto Serif Tibetan", "Noto Sans Symbols", "Noto Sans Symbols2", "DejaVu Sans"]
        return ((form.map { ["Noto Sans CJK \($0)"] } ?? []) + ["Noto Sans"] + others).joined(separator: ",")
    }

    /// Whose forms of the Chinese characters a language (BCP 47) has: `JP`, `KR`, `TC`, `HK` or `SC`.
    static func form(language: String) -> String {
        let tags = language.lowercased().split(whereSeparator: { $0 == "-" || $0 == "_" }).map(String.init)
        let rest = Set(tags.dropFirst())
        return switch tags.first {
        case "ja": "JP"
        case "ko": "KR"
        case "yue": "HK"
        case "zh": !rest.isDisjoint(with: ["hk", "mo"]) ? "HK" : !rest.isDisjoint(with: ["hant", "tw"]) ? "TC" : "SC"
        default: "SC"
        }
    }

    /// Whether a text is set in Noto Sans CJK.
    static func isEastAsian(_ text: String) -> Bool {
        text.unicodeScalars.contains { TypeCoverage.contains($0.value, in: TypeCoverage.secondary) }
    }

    /// `OlChiki` is the file of `Noto Sans Ol Chiki`; `NKo` that of `Noto Sans NKo`.
    private static func spaced(_ name: String) -> String {
        switch name {
        case "CanadianAboriginal": "Canadian Aboriginal"
        case "OlChiki": "Ol Chiki"
        case "PahawhHmong": "Pahawh Hmong"
        default: name
        }
    }

    // MARK: Fontconfig

    /// Fontconfig's answer to which fonts there are: not changed once it is made.
    @safe final class Configuration: @unchecked Sendable {  // why: owner of an FcConfig that is not changed after init
        let pointer: OpaquePointer
        /// The parts are there as long as the answer that names them.
        private let parts: BaseFontParts?

        fileprivate init(parts: BaseFontParts?) throws(PacketError) {
            guard let config = unsafe FcConfigCreate() else { throw PacketError(.font, "Fontconfig could not be started") }
            unsafe pointer = unsafe config
            self.parts = parts
            let loaded = unsafe BaseFonts.settings.withCString { text in
                unsafe text.withMemoryRebound(to: FcChar8.self, capacity: strlen(text)) {
                    unsafe FcConfigParseAndLoadFromMemory(config, $0, 1)
                }
            }
            var isReady = unsafe loaded != 0 && FcConfigBuildFonts(config) != 0
            for file in parts?.files ?? [] {
                let added = unsafe file.withCString { path in
                    unsafe path.withMemoryRebound(to: FcChar8.self, capacity: strlen(path)) { unsafe FcConfigAppFontAddFile(config, $0) }
                }
                isReady = isReady && added != 0
            }
            guard isReady else {
                throw PacketError(.font, "the fonts under /usr/share/fonts cannot be read", hint: "Run fc-cache -f")
            }
        }

        deinit { unsafe FcConfigDestroy(pointer) }
    }

    /// The fonts for pages with these characters in this language. Throws `font` where a package is missing.
    static func configuration(for scalars: Set<UInt32>, language: String) throws(PacketError) -> Configuration {
        guard isThere(noto) else { throw missing(noto) }
        guard scalars.contains(where: { TypeCoverage.contains($0, in: TypeCoverage.secondary) }) else { return try plain.get() }
        return try Configuration(parts: BaseFontParts(of: scalars, form: form(language: language)))
    }

    private static let plain = Result<Configuration, PacketError> { () throws(PacketError) in try Configuration(parts: nil) }

    /// Two folders, of which only our files count. Debian's cache of them spares reading all of it in each run.
    fileprivate static var settings: String {
        let root = "/usr/share/fonts"
        var files = ["Regular", "Bold", "Italic", "BoldItalic"].map { "truetype/noto/NotoSans-\($0).ttf" }
        for weight in ["Regular", "Bold"] {
            files += (scripts + ["Symbols", "Symbols2"]).map { "truetype/noto/NotoSans\($0)-\(weight).ttf" }
            files.append("truetype/noto/NotoSerifTibetan-\(weight).ttf")
        }
        files += ["truetype/dejavu/DejaVuSans.ttf", "truetype/dejavu/DejaVuSans-Bold.ttf"]
        return """
            <?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
            <dir>\(root)/truetype/noto</dir><dir>\(root)/truetype/dejavu</dir>
            <cachedir>/var/cache/fontconfig</cachedir>
            <selectfont><rejectfont><glob>*</glob></rejectfont>
            <acceptfont>\(files.map { "<glob>\(root)/\($0)</glob>" }.joined())<glob>*/\(partsName)*</glob></acceptfont></selectfont>
            </fontconfig>
            """
    }

    // MARK: What is missing

    private static func isThere(_ package: Package) -> Bool { unsafe access(package.path, R_OK) == 0 }

    static func missing(_ package: Package) -> PacketError {
        PacketError(.font, "the font \(package.path) cannot be read", hint: "Install the Debian package \(package.name)")
    }

    /// A text of the office has a character that no font here shows: never a box in its place.
    static func unknown(_ scalar: UInt32, in text: String) -> PacketError {
        let digits = String(scalar, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        let isVisible = scalar > 0x20 && !(0x7F...0x9F).contains(scalar) && !(0xE000...0xF8FF).contains(scalar)
        let shown = isVisible ? Unicode.Scalar(scalar).map { "“\(Character($0))” (\(code))" } ?? code : code
        let place = text.count > 60 ? text.prefix(57) + "…" : text[...]
        return PacketError(
            .font, "no font here has the character \(shown), which stands in “\(place)”",
            hint: TypeCoverage.contains(scalar, in: TypeCoverage.secondary) && !isThere(cjk)
                ? "Install the Debian package \(cjk.name)" : "Write it in another way")
    }
}
