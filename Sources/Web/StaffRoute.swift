import Foundation
package import Office

/// The desk's routes. Everything that staff are served is in this list, and what each needs: a test asks every one of them as everybody.
package enum StaffRoute: Equatable, Sendable {
    case signIn
    case signOut
    /// A password of one's own and the first code.
    case enrol
    case start
    case search
    case election(Int64)
    /// Which voters is said by the query.
    case voters(election: Int64)
    case voter(election: Int64, voter: Int64)
    case newLink(election: Int64, voter: Int64)
    /// Another ballot in place of the last one; and taking that back.
    case replace(election: Int64, voter: Int64)
    case withdraw(election: Int64, voter: Int64)
    case cancel(election: Int64, voter: Int64)
    /// A protected voter's ballot.
    case release(election: Int64, voter: Int64)
    case note(election: Int64, voter: Int64)
    /// An envelope without a code, of a voter who was looked up.
    case receive(election: Int64, voter: Int64)
    /// By the ballot's id, as other programs know it.
    case ballot(String)
    case returns
    case decisions
    case decide(piece: Int64)
    case reverse(piece: Int64)
    /// What waits for a second person.
    case approvals
    case approve(Int64)
    case refuse(Int64)
    case exceptions
    case exceptionsFile
    case staff
    case metrics
    case styleSheet, script, icon

    /// Who may come.
    package enum Guard: Equatable, Sendable {
        /// Everybody: nothing of the office is there.
        case nobody
        /// Who is signed in, also for the first time.
        case anySession
        /// Who has signed in for the first time, and only they.
        case newcomer
        /// Whose role has this power.
        case power(StaffMember.Power)
    }

    /// One route of each kind, for tests.
    package static let samples: [StaffRoute] = [
        .signIn, .signOut, .enrol, .start, .search, .election(1), .voters(election: 1), .voter(election: 1, voter: 1),
        .newLink(election: 1, voter: 1), .replace(election: 1, voter: 1), .withdraw(election: 1, voter: 1), .cancel(election: 1, voter: 1),
        .release(election: 1, voter: 1), .note(election: 1, voter: 1), .receive(election: 1, voter: 1),
        .ballot("00112233445566778899aabbccddeeff"), .returns, .decisions,
        .decide(piece: 1), .reverse(piece: 1), .approvals, .approve(1), .refuse(1), .exceptions, .exceptionsFile, .staff, .metrics,
        .styleSheet, .script, .icon
    ]

    /// The route of a path, without its query; nil where there is none.
    package init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        switch parts.first {
        case "" where parts.count == 1: self = .start
        case "signin" where parts.count == 1: self = .signIn
        case "signout" where parts.count == 1: self = .signOut
        case "enrol" where parts.count == 1: self = .enrol
        case "search" where parts.count == 1: self = .search
        case "returns" where parts.count == 1: self = .returns
        case "decisions" where parts.count == 1: self = .decisions
        case "exceptions" where parts.count == 1: self = .exceptions
        case "approvals" where parts.count == 1: self = .approvals
        case "approvals" where parts.count == 3:
            guard let id = Self.row(parts[1]), parts[2] == "approve" || parts[2] == "refuse" else { return nil }
            self = parts[2] == "approve" ? .approve(id) : .refuse(id)
        case "exceptions.csv" where parts.count == 1: self = .exceptionsFile
        case "staff" where parts.count == 1: self = .staff
        case "metrics" where parts.count == 1: self = .metrics
        case "desk.css" where parts.count == 1: self = .styleSheet
        case "desk.js" where parts.count == 1: self = .script
        case "favicon.svg" where parts.count == 1, "favicon.ico" where parts.count == 1: self = .icon
        case "ballots" where parts.count == 2: self = .ballot(parts[1])
        case "decisions" where parts.count == 2 || parts.count == 3 && parts[2] == "reverse":
            guard let piece = Self.row(parts[1]) else { return nil }
            self = parts.count == 2 ? .decide(piece: piece) : .reverse(piece: piece)
        case "elections" where parts.count >= 2:
            guard let election = Self.row(parts[1]) else { return nil }
            switch (parts.count, parts.count > 2 ? parts[2] : "") {
            case (2, _): self = .election(election)
            case (3, "voters"): self = .voters(election: election)
            case (4, "voters"), (5, "voters"):
                guard let voter = Self.row(parts[3]) else { return nil }
                switch parts.count == 5 ? parts[4] : "" {
                case "": self = .voter(election: election, voter: voter)
                case "new-link": self = .newLink(election: election, voter: voter)
                case "replace": self = .replace(election: election, voter: voter)
                case "withdraw": self = .withdraw(election: election, voter: voter)
                case "cancel": self = .cancel(election: election, voter: voter)
                case "release": self = .release(election: election, voter: voter)
                case "note": self = .note(election: election, voter: voter)
                case "receive": self = .receive(election: election, voter: voter)
                default: return nil
                }
            default: return nil
            }
        default: return nil
        }
    }

    /// A row's number as it stands in an address: digits, without a sign or zeros before it.
    private static func row(_ text: String) -> Int64? {
        guard let number = Int64(text), number > 0, String(number) == text else { return nil }
        return number
    }

    /// Its address.
    package var path: String {
        switch self {
        case .signIn: "/signin"
        case .signOut: "/signout"
        case .enrol: "/enrol"
        case .start: "/"
        case .search: "/search"
        case .election(let id): "/elections/\(id)"
        case .voters(let election): "/elections/\(election)/voters"
        case .voter(let election, let voter): "/elections/\(election)/voters/\(voter)"
        case .newLink(let election, let voter): "/elections/\(election)/voters/\(voter)/new-link"
        case .replace(let election, let voter): "/elections/\(election)/voters/\(voter)/replace"
        case .withdraw(let election, let voter): "/elections/\(election)/voters/\(voter)/withdraw"
        case .cancel(let election, let voter): "/elections/\(election)/voters/\(voter)/cancel"
        case .release(let election, let voter): "/elections/\(election)/voters/\(voter)/release"
        case .note(let election, let voter): "/elections/\(election)/voters/\(voter)/note"
        case .receive(let election, let voter): "/elections/\(election)/voters/\(voter)/receive"
        case .ballot(let id): "/ballots/\(id)"
        case .returns: "/returns"
        case .decisions: "/decisions"
        case .decide(let piece): "/decisions/\(piece)"
        case .reverse(let piece): "/decisions/\(piece)/reverse"
        case .approvals: "/approvals"
        case .approve(let id): "/approvals/\(id)/approve"
        case .refuse(let id): "/approvals/\(id)/refuse"
        case .exceptions: "/exceptions"
        case .exceptionsFile: "/exceptions.csv"
        case .staff: "/staff"
        case .metrics: "/metrics"
        case .styleSheet: "/desk.css"
        case .script: "/desk.js"
        case .icon: "/favicon.svg"
        }
    }

    /// What may be done with it, by HTTP's words.
    package var methods: [String] {
        switch self {
        case .start, .election, .voters, .voter, .ballot, .decisions, .approvals, .exceptions, .exceptionsFile, .staff, .metrics,
            .styleSheet, .script,
            .icon:
            ["GET", "HEAD"]
        case .signIn, .enrol, .search, .returns: ["GET", "HEAD", "POST"]
        case .signOut, .newLink, .replace, .withdraw, .cancel, .release, .note, .receive, .decide, .reverse, .approve, .refuse: ["POST"]
        }
    }

    /// Who may do it. The desk asks again, below: this says what page to show.
    package func guarded(isPost: Bool) -> Guard {
        switch self {
        case .signIn, .styleSheet, .script, .icon, .metrics: .nobody
        case .signOut: .anySession
        case .enrol: .newcomer
        case .start, .search, .election, .voters, .voter, .ballot, .decisions, .approvals, .exceptions, .exceptionsFile, .staff:
            .power(.look)
        case .returns: isPost ? .power(.handle) : .power(.look)
        case .newLink, .replace, .withdraw, .note, .receive, .decide, .refuse: .power(.handle)
        case .reverse, .approve, .cancel, .release: .power(.supervise)
        }
    }
}
