/// Why a voter's ballot style could not be told.
package struct Unresolved: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of trouble.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// No style names the precinct.
        case unknownPrecinct
        /// The precinct has styles, but none of the scope that the voter's class needs.
        case noStyleOfScope
        /// The party has a style nowhere in the election, and the precinct's styles are by party.
        case unknownParty
        /// The precinct has styles of parties, but none for this voter's.
        case noStyleForParty
        /// More than one style fits.
        case ambiguous
        /// The roll names a style that the election has not.
        case unknownStyle
        /// The roll names another style than precinct, party and scope lead to.
        case disagrees
    }

    /// The kind of trouble.
    package let kind: Kind
    /// The trouble in words, for the office's lists; names no voter.
    package let reason: String

    /// A trouble of this kind, in these words.
    package init(kind: Kind, reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// The same as `reason`.
    package var description: String { reason }
}

/// Finds the one ballot style of a voter, or says why there is none. It never guesses: a wrong ballot is worse than a late one.
///
/// Among the styles of the voter's precinct and scope: where none names a party, the party plays no role. Else the style of the voter's
/// party; else, for voters without a party and for parties that have styles elsewhere in the election but not here, the style with a blank
/// party. A party that no style of the election names is unresolved there, since it may be a slip of the pen. Texts must agree to the letter.
package struct StyleResolver: Sendable {
    private let styles: [StyleID: BallotStyle]
    private let byPrecinct: [String: [BallotStyle]]
    private let parties: Set<String>

    /// A resolver over an election's styles.
    package init(_ styles: [BallotStyle]) {
        self.styles = Dictionary(styles.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        parties = Set(styles.map(\.party).filter { !$0.isEmpty })
        byPrecinct = styles.reduce(into: [:]) { byPrecinct, style in
            for precinct in Set(style.precincts) { byPrecinct[precinct, default: []].append(style) }
        }
    }

    /// Every precinct that a style names.
    package var precincts: Set<String> { Set(byPrecinct.keys) }

    /// The style of this id.
    package func style(_ id: StyleID) -> BallotStyle? { styles[id] }

    /// The one style for voters of this precinct, party (empty: none) and scope.
    package func resolve(precinct: String, party: String, scope: Scope) -> Result<StyleID, Unresolved> {
        guard let local = byPrecinct[precinct] else {
            let hint = Nearest.hint(precinct, among: Array(byPrecinct.keys))
            return failure(.unknownPrecinct, "no ballot style has the precinct \(Printable.quote(precinct)).\(hint)")
        }
        let candidates = local.filter { $0.scope == scope }
        if candidates.isEmpty {
            return failure(.noStyleOfScope, "the precinct \(Printable.quote(precinct)) has no ballot style of scope \(scope.rawValue)")
        }
        let byParty = candidates.contains { !$0.party.isEmpty }
        let own = party.isEmpty || !byParty ? [] : candidates.filter { $0.party == party }
        if own.isEmpty, byParty, !party.isEmpty, !parties.contains(party) {
            let hint = Nearest.hint(party, among: parties.sorted())
            return failure(.unknownParty, "no ballot style of the election is of the party \(Printable.quote(party)).\(hint)")
        }
        let fitting = own.isEmpty ? candidates.filter(\.party.isEmpty) : own
        if let style = fitting.first, fitting.count == 1 { return .success(style.id) }
        if fitting.isEmpty {
            let whom = party.isEmpty ? "voters without a party" : "the party \(Printable.quote(party))"
            return failure(.noStyleForParty, "the precinct \(Printable.quote(precinct)) has no \(scope.rawValue) ballot style for \(whom)")
        }
        let names = fitting.map(\.id.text).sorted().joined(separator: ", ")
        return failure(.ambiguous, "more than one ballot style fits the precinct \(Printable.quote(precinct)): \(names)")
    }

    /// The one style of a voter; a style that the roll itself names must agree.
    package func resolve(_ voter: VoterRecord, scope: Scope) -> Result<StyleID, Unresolved> {
        let found = resolve(precinct: voter.precinct, party: voter.party, scope: scope)
        guard let named = voter.ballotStyle else { return found }
        if styles[named] == nil {
            return failure(.unknownStyle, "the roll names the ballot style \(Printable.quote(named.text)), which the election has not")
        }
        guard case .success(let style) = found, style != named else { return found }
        return failure(.disagrees, "the roll names the ballot style \(named), but precinct, party and scope lead to \(style)")
    }

    private func failure(_ kind: Unresolved.Kind, _ reason: String) -> Result<StyleID, Unresolved> {
        .failure(Unresolved(kind: kind, reason: reason))
    }
}
