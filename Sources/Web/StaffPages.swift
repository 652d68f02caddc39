import Elections
import Foundation
import Mustache
import NIOCore
import Office

/// Turns a page's name and values into the bytes of a page of the desk.
struct StaffPages: Sendable {
    private let library: MustacheLibrary

    /// Parses every template once.
    init() throws {
        var templates = ["layout": try MustacheTemplate(string: StaffTemplates.layout)]
        for (name, source) in StaffTemplates.pages { templates[name.rawValue] = try MustacheTemplate(string: source) }
        library = MustacheLibrary(templates: templates)
    }

    /// What a page says above everything else.
    struct Said: Sendable {
        var alert: OfficeError?
        var done: String?

        static let nothing = Said()
    }

    /// One page.
    ///
    /// - Parameter signed: who is signed in; nil: nobody, and no bar above the page.
    func render(
        _ name: StaffPage, title: String, _ values: [String: Any] = [:], for signed: Signed?, isTest: Bool, said: Said = .nothing
    ) -> ByteBuffer {
        var context = values
        context["title"] = title
        context["sample"] = isTest
        if let alert = said.alert { context["alert"] = ["head": alert.message, "hint": alert.hint.isEmpty ? nil : alert.hint] }
        if let done = said.done { context["done"] = done }
        if let signed {
            context["form"] = signed.session.formToken
            if signed.session.member.isEnrolled {
                context["login"] = signed.session.member.login
                context["role"] = signed.session.member.role.rawValue
                context["handles"] = signed.session.member.role.has(.handle)
                context["nav"] = Self.nav.map { route, words in
                    ["address": route.path, "words": words, "current": Self.page(of: route) == name] as [String: Any]
                }
            }
        }
        return ByteBuffer(string: library.render(context, withTemplate: name.rawValue) ?? "")
    }

    private static let nav: [(StaffRoute, String)] = [
        (.start, "Elections"), (.returns, "Envelopes"), (.decisions, "Decisions"), (.approvals, "Approvals"), (.exceptions, "Exceptions"),
        (.staff, "Staff")
    ]

    private static func page(of route: StaffRoute) -> StaffPage? {
        switch route {
        case .start: .start
        case .returns: .returns
        case .decisions: .decisions
        case .approvals: .approvals
        case .exceptions: .exceptions
        case .staff: .staff
        default: nil
        }
    }

    /// Rows of a table and whether there are any, for templates that open a table before its first row.
    static func table(_ rows: [[String: Any]]) -> [String: Any] { ["first": !rows.isEmpty, "rows": rows] }

    /// A QR code as SVG: one path of one-by-one squares, with the quiet zone of four that ISO/IEC 18004 wants.
    static func qr(_ symbol: QRSymbol) -> String {
        var path = ""
        for row in 0..<symbol.side {
            for column in 0..<symbol.side where symbol.isBlack(column, row) { path += "M\(column + 4) \(row + 4)h1v1h-1z" }
        }
        let side = symbol.side + 8
        return
            "<svg class=\"qr\" viewBox=\"0 0 \(side) \(side)\" role=\"img\" aria-label=\"QR code for the authenticator\"><path fill=\"#000\" d=\"\(path)\"/></svg>"
    }
}
