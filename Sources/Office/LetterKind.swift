package import Elections

/// The letters that the office writes.
package enum LetterKind: String, Sendable, CaseIterable {
    /// The ballot is ready: the first letter, with the link.
    case ballotReady = "ballot_ready"
    /// The ballot was never opened since the first letter.
    case reminder
    /// The ballot was never opened, and post from the voter's country is about to become too slow.
    case reminderPost = "reminder_post"
    /// A new link in place of an older one.
    case newLink = "new_link"
    /// The envelope is here; the link leads to the tracking page, as it does in the two letters that follow.
    case received
    /// The ballot was accepted.
    case accepted
    /// The ballot was not accepted: why, and how the voter may still put it right.
    case rejected
    /// The office made another ballot in place of this one; the letter with the new link follows by itself.
    case replaced
    /// The office cancelled the ballot.
    case cancelled
    /// To the old address: letters now go elsewhere. It names no new address.
    case addressChanged = "address_changed"

    /// Whether its link opens a ballot. Such a letter says how the ballot must come back.
    package var hasBallotLink: Bool {
        switch self {
        case .ballotReady, .reminder, .reminderPost, .newLink: true
        case .received, .accepted, .rejected, .replaced, .cancelled, .addressChanged: false
        }
    }
}

/// What a letter is to say.
package struct LetterContents: Sendable {
    /// Which letter it is.
    package var kind: LetterKind
    /// The language that the voter reads, as a tag.
    package var language: String
    /// The voter's name as on the roll; whatever stands in it can do no harm.
    package var voterName: String
    /// The one link: to the ballot, to the tracking page, or to the front page of the site, by kind.
    package var link: String
    /// The word to type at the link, where the office asks no other question; only letters with a ballot link name it.
    package var word: String?
    /// The election that it is about.
    package var definition: ElectionDefinition
    /// Whether it is the letter of a test office.
    package var test: Bool
    /// The day by which to post the ballot; nil: none is named.
    package var postBy: CivilDate?
    /// Whether that day is over.
    package var isPastPostBy: Bool
    /// Why the ballot was not accepted; only `rejected` says it.
    package var reason: RejectionReason?

    /// What a letter is to say; the last parts have no meaning in most kinds.
    package init(
        kind: LetterKind, language: String, voterName: String, link: String, word: String? = nil, definition: ElectionDefinition,
        test: Bool,
        postBy: CivilDate? = nil, isPastPostBy: Bool = false, reason: RejectionReason? = nil
    ) {
        self.kind = kind
        self.language = language
        self.voterName = voterName
        self.link = link
        self.word = word
        self.definition = definition
        self.test = test
        self.postBy = postBy
        self.isPastPostBy = isPastPostBy
        self.reason = reason
    }
}

/// A letter in its final words.
package struct WrittenLetter: Sendable, Equatable {
    /// The language that it is in, which may be another than the voter's.
    package let language: String
    /// The subject, one line, nothing personal.
    package let subject: String
    /// The plain text, complete in itself: lines of at most 72 columns that end with a line feed; only what has no space in it is longer.
    package let text: String
    /// The same words as a page.
    package let html: String
}
