import ArgumentParser
import Elections
import Foundation
import Keys
import Office

/// `uocava keys`
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "The key cabinet: what is in it, and until when.", subcommands: [List.self])

    /// `uocava keys list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the keys and certificates, and whether they may be used.",
            usage: "uocava keys list [--format FORM]",
            discussion: """
                Shows nothing secret and asks for no passphrase.

                Example:
                  uocava keys list

                ca.pem is what others need to check a packet: give it to whoever asks. \
                Nobody else gets any of the .key files.
                """)

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Lists them.
        func run() throws {
            let entries = try office.folder().cabinet(passphrase: { nil }).list()
            let now = WallClock.system.now().seconds
            let columns = ["file", "kind", "valid_to", "locked", "sample", "mode_ok", "id"]
            let table = ReportTable(columns: columns, rows: entries.map(Self.cells))
            let json = JSONValue.array(entries.map(Self.json))
            let ended = entries.filter { $0.notAfter.map { $0 < now } ?? false }
            try Report(
                json: json, table: table,
                sheet: ReportTable(
                    columns: Array(columns.dropLast()) + ["id"], rows: entries.map { Self.cells($0).dropLast() + [Self.short($0.id)] }),
                foot: ended.map { "\($0.file) has expired: no ballot can be signed with it." },
                nothing: "The cabinet is empty."
            ).show(as: output.format)
        }

        private static func day(_ seconds: Int64?) -> JSONValue {
            seconds.map { .string(String(Instant(seconds: $0).rfc3339.prefix(10))) } ?? .null
        }

        private static func cells(_ entry: KeyCabinetEntry) -> [JSONValue] {
            [
                .string(entry.file), .string(word(entry.kind)), day(entry.notAfter), .bool(entry.encrypted), .bool(entry.sample),
                .bool(entry.modeIsRight), .optional(entry.id)
            ]
        }

        /// Enough of a fingerprint to compare by eye.
        private static func short(_ id: String?) -> JSONValue {
            .optional(id.map { $0.count > 16 && !$0.contains(" ") ? $0.prefix(16) + "…" : $0 })
        }

        private static func json(_ entry: KeyCabinetEntry) -> JSONValue {
            [
                "name": .string(entry.name), "kind": .string(word(entry.kind)), "file": .string(entry.file), "id": .optional(entry.id),
                "not_before": .optional(entry.notBefore.map { Instant(seconds: $0).rfc3339 }),
                "not_after": .optional(entry.notAfter.map { Instant(seconds: $0).rfc3339 }), "locked": .bool(entry.encrypted),
                "sample": .bool(entry.sample), "mode_ok": .bool(entry.modeIsRight)
            ]
        }

        private static func word(_ kind: KeyCabinetEntry.Kind) -> String {
            switch kind {
            case .certificate: "certificate"
            case .privateKey: "private_key"
            case .rollKeys: "roll_keys"
            case .linkKeys: "link_keys"
            }
        }
    }
}
