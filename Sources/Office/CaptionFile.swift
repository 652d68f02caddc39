import Elections
import Packet

/// The captions of a packet's pages in a language that the program does not speak: `captions.LANGUAGE.yaml` beside `election.yaml`.
enum CaptionFile {
    /// Every such file of a folder, by language.
    ///
    /// Adds to the problems what is wrong with a file, key by key; throws where one is no YAML.
    static func all(of definition: ElectionDefinition, in files: FolderFiles, _ problems: inout [Problem]) throws -> [String: BaseWording] {
        var captions: [String: BaseWording] = [:]
        let names: [String]
        do throws(Problem) {
            names = try files.names()
        } catch {
            problems.append(error)
            return [:]
        }
        for name in names where name.hasPrefix("captions.") && name.hasSuffix(".yaml") {
            let language = String(name.dropFirst("captions.".count).dropLast(".yaml".count))
            guard definition.languages.contains(language) else {
                problems.append(
                    Problem(
                        file: name, what: "\(Printable.quote(language)) is none of the election's languages",
                        hint: "Name the file for one of \(definition.languages.joined(separator: ", ")), or move it away."))
                continue
            }
            let bytes: [UInt8]?
            do throws(Problem) {
                bytes = try files.read(name, atMost: FolderFiles.largestText)
            } catch {
                problems.append(error)
                continue
            }
            guard let bytes else { continue }
            let document = try YAMLFile.read(bytes, file: name)
            let read: [Caption]
            do throws(Problems) {
                read = try self.read(document, file: name)
            } catch {
                problems += error.all
                continue
            }
            captions[language] = try BaseWording(captions: read)
        }
        return captions
    }

    /// Reads the keys that the English captions have, and no others.
    static func read(_ document: Document, file: String) throws(Problems) -> [Caption] {
        let reader = DocumentReader(file: file)
        let captions = read(BaseWording.captions, in: reader.root(document))
        try reader.finish()
        return captions
    }

    private static func read(_ expected: [Caption], in section: DocumentReader.Section) -> [Caption] {
        let help = "uocava styles captions prints the English ones."
        return expected.map { caption in
            switch caption.value {
            case .text(let english):
                let text = section.text(caption.key, hint: help) ?? ""
                if !english.namePlaces.isEmpty, text.namePlaces.count != 1, !text.isEmpty {
                    section.report(caption.key, "this needs a % once, where the office's name goes")
                }
                return Caption(key: caption.key, value: .text(text))
            case .list:
                let texts = section.texts(caption.key)
                if texts.isEmpty { section.reportMissing(caption.key, hint: help) }
                return Caption(key: caption.key, value: .list(texts))
            case .group(let group):
                return Caption(key: caption.key, value: .group(read(group, in: section.section(caption.key, required: true))))
            }
        }
    }
}
