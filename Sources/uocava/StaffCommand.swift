import ArgumentParser
import Elections
import Office

/// `uocava staff`
struct StaffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "staff", abstract: "Who may sign in at the desk.",
        discussion: """
            The desk is the office's own site, at staff.listen in uocava.yaml, while `uocava serve` runs. \
            Each person has an account: nobody's name stands for two.
            """,
        subcommands: [Add.self, List.self, Reset.self, Disable.self])

    /// `uocava staff add`
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Make an account, and print the password for the first time.",
            usage: "uocava staff add NAME --role ROLE [--jurisdiction ID ...]",
            discussion: """
                Roles:
                  clerk       finds voters, takes in envelopes, decides, makes new links
                  supervisor  the same, and sees the addresses of protected voters
                  auditor     sees everything else and changes nothing

                Hand the password over in person or by telephone. It opens the desk once, within a week: \
                whoever signs in with it chooses a password of their own and sets up an authenticator \
                on their telephone.

                Examples:
                  uocava staff add ann.lee --role supervisor
                  uocava staff add bo.chen --role clerk --jurisdiction 11001
                """)

        @Argument(help: ArgumentHelp("The account's name: letters, digits, dots, hyphens.", valueName: "NAME"))
        var name: String

        @Option(name: .long, help: ArgumentHelp("clerk, supervisor or auditor.", valueName: "ROLE"))
        var role: Role

        @Option(name: .long, help: ArgumentHelp("Only elections of this jurisdiction; may be repeated. Default: all.", valueName: "ID"))
        var jurisdiction: [String] = []

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Makes it.
        func run() throws {
            let staff = Staff(try office.open())
            let invitation = try TerminalActor.doing {
                try staff.add(name, role: role.meaning, jurisdictions: jurisdiction.isEmpty ? nil : jurisdiction)
            }
            try StaffCommand.show(invitation, as: output.format)
        }
    }

    /// `uocava staff list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "The accounts, and where they stand.")

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Lists them.
        func run() throws {
            let members = try Staff(try office.open()).all()
            try Report(
                json: .array(members.map(\.json)),
                table: ReportTable(
                    columns: ["login", "role", "jurisdictions", "state"],
                    rows: members.map {
                        [
                            .string($0.login), .string($0.role.rawValue),
                            .string($0.scope.ids.isEmpty ? "all" : $0.scope.ids.joined(separator: ", ")), .string($0.state)
                        ]
                    }),
                foot: members.isEmpty ? ["Nobody yet: uocava staff add NAME --role supervisor"] : []
            ).show(as: output.format)
        }
    }

    /// `uocava staff reset`
    struct Reset: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset",
            abstract: "Begin an account anew: for who lost password or telephone, or comes back.",
            discussion: """
                Its sessions end, its authenticator and recovery codes open nothing any more, and a new \
                password for the first time is printed. Be sure whom you give it to.

                Example:
                  uocava staff reset ann.lee
                """)

        @Argument(help: ArgumentHelp("The account.", valueName: "NAME"))
        var name: String

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Begins it anew.
        func run() throws {
            let staff = Staff(try office.open())
            try StaffCommand.show(try TerminalActor.doing { try staff.reset(name) }, as: output.format)
        }
    }

    /// `uocava staff disable`
    struct Disable: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "disable", abstract: "End an account and its sessions, at once.",
            discussion: """
                It is not deleted, since the journal names it; `uocava staff reset` brings it back.

                Example:
                  uocava staff disable bo.chen
                """)

        @Argument(help: ArgumentHelp("The account.", valueName: "NAME"))
        var name: String

        @OptionGroup var office: OfficeOptions
        @OptionGroup var output: OutputOptions

        /// Ends it.
        func run() throws {
            let staff = Staff(try office.open())
            try TerminalActor.doing { try staff.disable(name) }
            try Report(
                json: ["login": .string(name.lowercased()), "state": "disabled"],
                table: ReportTable(columns: ["login", "state"], rows: [[.string(name.lowercased()), "disabled"]])
            ).show(as: output.format)
        }
    }

    /// A role as it is typed.
    enum Role: String, ExpressibleByArgument, CaseIterable {
        case clerk, supervisor, auditor

        /// What the office calls it.
        var meaning: StaffMember.Role {
            switch self {
            case .clerk: .clerk
            case .supervisor: .supervisor
            case .auditor: .auditor
            }
        }
    }

    private static func show(_ invitation: Staff.Invitation, as format: Format) throws {
        let member = invitation.member
        let cells: [JSONValue] = [
            .string(member.login), .string(member.role.rawValue), .string(invitation.password), .string(invitation.until.rfc3339)
        ]
        let columns = ["login", "role", "password", "until"]
        try Report(
            json: .object(Dictionary(uniqueKeysWithValues: zip(columns, cells))),
            table: ReportTable(
                columns: columns, rows: [[cells[0], cells[1], cells[2], .string(Moment.short(invitation.until))]]),
            foot: ["It opens the desk once. Whoever uses it chooses a password of their own and sets up an authenticator."]
        ).show(as: format)
    }
}
