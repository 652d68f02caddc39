/// Who is at work: the journal names them in every row that is written meanwhile.
package struct Actor: Sendable, Equatable {
    /// The account at the desk, or `unix:NAME` for somebody at the command line.
    package let name: String
    /// Where from: the address that a request came from; nil at the command line.
    package let address: String?

    /// Somebody of this name.
    package init(_ name: String, from address: String? = nil) {
        self.name = name
        self.address = address
    }

    /// Who is at work on this task or thread; nil: the office by itself.
    ///
    /// A task-local value rather than an argument: a desk's rules are the same whoever is at it, and no desk can forget to pass it on.
    @TaskLocal package static var current: Actor?

    /// Does something in the name of this person.
    package func doing<Result>(_ body: () throws -> Result) rethrows -> Result { try Self.$current.withValue(self, operation: body) }
}
