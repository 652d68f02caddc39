import Elections
import Foundation
import Office

/// A real office whose letters would lead voters to its own machine: right for a trial, a mistake on the 45th day. Nothing is refused, but
/// it is said before anything is done.
enum LocalAddress {
    /// Says on stderr what the letters of a real office will say, where that helps no voter; before ballots are issued or letters sent.
    static func warn(_ office: Office) {
        guard !office.isTest, office.configuration.publicSite.isOnlyHere else { return }
        Output.note(["uocava: warning: \(sentence(office.configuration))", "  \(remedy(office.folder.url))"])
    }

    /// What the letters will say.
    static func sentence(_ configuration: Configuration) -> String {
        "Voters' letters will say \(configuration.publicSite.url): that address opens on this machine only."
    }

    /// What to do about it.
    static func remedy(_ office: URL) -> String {
        let settings = Printable.escape(office.appendingPathComponent(Configuration.fileName).path)
        return "Before the first ballot goes out, set public.url in \(settings) to the https address of your site."
    }

    /// What a real office that was made with such an address must still be told.
    ///
    /// - Parameter name: the name in its certificates, where nobody gave one.
    static func unfinished(_ made: OfficeFolder, name: String?) -> [String] {
        guard made.configuration.publicSite.isOnlyHere else { return [] }
        let settings = Printable.escape(made.url.appendingPathComponent(Configuration.fileName).path)
        var lines = [
            "uocava: warning: this is a real office, and it cannot serve voters yet.",
            "  Its letters would say \(made.configuration.publicSite.url), an address that opens on this machine only.",
            "  Before the first ballot goes out, set these in \(settings):", "    public.url  the https address of your voters' site",
            "    smtp.url    your mail relay, for example smtp://mail.example.gov:587",
            "    smtp.from   the letters' sender; empty: office.email of the election"
        ]
        if let name {
            lines.append(
                "  Its certificates say \(Printable.quote(name)), which stays: if that is not your office's name, remove the folder and make it "
                    + "again with --name.")
        }
        lines.append("  Only trying? Remove the folder, and make a test office: uocava init DIR --test")
        return lines
    }
}
