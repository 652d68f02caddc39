import Foundation

/// Feeds the parsers of requests whatever the fuzzer thinks of: the first byte says which, the rest is what they read. They must not trap, and what
/// they say must keep its promises.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequest(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
    guard let kind = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    // What a header or a path can be: the server hands on text.
    let text = String(decoding: bytes, as: UTF8.self)
    switch kind {
    case UInt8(ascii: "b"): token(text)
    case UInt8(ascii: "c"): cookie(text)
    case UInt8(ascii: "r"): range(bytes)
    case UInt8(ascii: "f"): form(bytes)
    case UInt8(ascii: "d"): answer(text)
    case UInt8(ascii: "l"): language(text)
    case UInt8(ascii: "x"): forwarded(text)
    case UInt8(ascii: "o"): origin(text)
    case UInt8(ascii: "p"): path(text)
    case UInt8(ascii: "s"): served(text)
    default: break
    }
    return 0
}

/// A link's token: 32 characters of base 32, and none else; its text is itself in lower case.
private func token(_ text: String) {
    let isOne = text.utf8.count == 32 && text.utf8.allSatisfy { ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A && $0 >= 0x41) || (0x32...0x37).contains($0) }
    let token = Token(text: text)
    precondition((token != nil) == isOne)
    guard let token else { return }
    precondition(token.text == text.lowercased())
    precondition(Token(text: token.text)?.text == token.text)
    precondition("\(token)" == "***" && String(reflecting: token) == "***")
}

/// The cookie: what is found is a part of the header, without blanks and semicolons; our own is found among any others.
private func cookie(_ text: String) {
    for isHTTPS in [false, true] {
        let cookies = VisitCookie(isHTTPS: isHTTPS)
        var headers = HTTPFields()
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { headers.append(.cookie, String(line)) }
        if let value = cookies.value(in: headers) {
            precondition(!value.contains(";") && !value.contains(" "))
            precondition(value.isEmpty || Data(text.utf8).range(of: Data(value.utf8)) != nil)
            if let key = VisitKey(cookie: value) { precondition(key.cookie == value && value.utf8.count == 96 && key.id.count == 16) }
        }
        let own = String(repeating: "0123456789abcdef", count: 6)
        var two = HTTPFields()
        two.append(.cookie, "\(isHTTPS ? "__Host-visit" : "visit")=\(own); \(text)")
        precondition(cookies.value(in: two) == own)
        // What tells a browser to forget or to keep it is one line.
        precondition(!cookies.opening(own).utf8.contains { $0 < 0x20 })
    }
}

/// A range lies within the file, and written plainly it reads as itself. The first four bytes are the file's length.
private func range(_ bytes: [UInt8]) {
    guard bytes.count >= 4 else { return }
    let length = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
    let header = String(decoding: bytes[4...], as: UTF8.self)
    switch ByteRange(header, length: length) {
    case .whole: break
    case .unsatisfiable: precondition(length > 0)
    case .part(let part):
        precondition(part.lowerBound >= 0 && part.lowerBound < part.upperBound && part.upperBound <= length)
        precondition(ByteRange("bytes=\(part.lowerBound)-\(part.upperBound - 1)", length: length) == .part(part))
        // Blanks may stand anywhere.
        precondition(header.filter { $0 != " " && $0 != "\t" }.lowercased().hasPrefix("bytes="))
    }
    precondition(ByteRange(nil, length: length) == .whole)
    _ = names(header, "\"0123\"")
    precondition(names("\(header), \"0123\"", "\"0123\"") || header.contains("\""))
}

/// A form: no more fields than pairs, and what was read, written plainly, reads as itself.
private func form(_ bytes: [UInt8]) {
    let fields = PostedForm.fields(bytes)
    precondition(fields.count <= bytes.count(where: { $0 == UInt8(ascii: "&") }) + 1)
    // A byte that is no UTF-8 becomes a character of three.
    precondition(fields.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } <= 3 * bytes.count)
    func written(_ text: String) -> String { text.utf8.map { "%\($0 < 16 ? "0" : "")\(String($0, radix: 16))" }.joined() }
    let plain = fields.map { "\(written($0.key))=\(written($0.value))" }.joined(separator: "&")
    precondition(PostedForm.fields(Array(plain.utf8)) == fields)
}

/// An answer: what is compared reads as itself, and has the form it must have.
private func answer(_ text: String) {
    guard let today = CivilDate(year: 2028, month: 11, day: 7) else { return }
    for months in [[], [MonthNames.english], [MonthNames.spanish]] {
        for question in IdentityQuestion.allCases {
            guard let canonical = Answer.canonical(text, question: question, monthNames: months, today: today) else { continue }
            precondition(Answer.canonical(canonical, question: question, monthNames: months, today: today) == canonical)
            precondition(canonical.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x41 && $0 <= 0x5A) || $0 == 0x2D })
            switch question {
            case .dateOfBirth:
                guard let date = CivilDate(canonical) else { preconditionFailure() }
                precondition(date.year >= 1900 && date <= today && date.description == canonical)
            case .lastFourOfID: precondition(canonical.utf8.count == 4)
            case .none: precondition(canonical.utf8.count == Answer.wordLength)
            }
        }
    }
    if let code = TrackingCode(text) {
        precondition(TrackingCode(code.text) == code && code.text.utf8.count == 26 && !"\(code)".contains(code.text))
    }
    if let code = ReturnCode(text) { precondition(ReturnCode(code.text) == code && code.text.utf8.count == 16) }
}

/// A language: one of ours, and asked for alone it is itself.
private func language(_ text: String) {
    let language = PageLanguage(acceptLanguage: text)
    precondition(PageLanguage(acceptLanguage: language.rawValue) == language)
    // Blanks may stand anywhere.
    let plain = text.filter { $0 != " " && $0 != "\t" }.lowercased()
    if !plain.contains("es") { precondition(language == .english) }
    if !plain.contains(",") { precondition(PageLanguage(acceptLanguage: "\(text), \(text)") == language) }
}

/// Whom wrong answers count against: who is no proxy of ours has nothing to say about it, and what stands before the last foreign hop counts
/// for nothing.
private func forwarded(_ text: String) {
    let addresses = ClientAddress(trustedProxies: ["127.0.0.1", "::1", "[2001:db8::7]"])
    func of(_ peer: String, _ lines: [String]) -> String {
        var headers = HTTPFields()
        for line in lines { headers.append(.xForwardedFor, line) }
        return addresses.of(peer: try? SocketAddress(ipAddress: peer, port: 1), headers: headers)
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    precondition(of("192.0.2.1", lines) == "192.0.2.1")
    precondition(of("2001:db8:1:2:3:4:5:6", lines) == of("2001:db8:1:2::", []))
    let found = of("127.0.0.1", lines)
    // It is kept in memory for each address.
    precondition(!found.isEmpty && found.utf8.count <= longestKept)
    if found != "127.0.0.1" {
        precondition(of("127.0.0.1", ["198.51.100.1, 2001:db8::9"] + lines) == found)
        precondition(of("::1", lines) == found)
    }
}

/// Only a proxy of ours is believed, and it writes an address. Were it to hand on what a client wrote: a header has 8 KB.
private let longestKept = 8192

/// A form's origin: ours, on this machine for a trial, or none; and never one that the browser calls foreign.
private func origin(_ text: String) {
    for url in ["https://ballots.example.gov", "http://127.0.0.1:8080"] {
        let origin = FormOrigin(publicURL: url)
        var request = HTTPRequest()
        request.authority = "127.0.0.1:8080"
        request.headerFields.append(.origin, text)
        if origin.accepts(request), text != "null" {
            let host = URLComponents(string: text)?.host?.lowercased() ?? ""
            precondition(url.hasSuffix(host) && !host.isEmpty || host == "localhost" || host == "[::1]" || host == "::1" || host.hasPrefix("127."))
        }
        request.headerFields.append(.secFetchSite, "cross-site")
        precondition(!origin.accepts(request))
        var own = HTTPRequest()
        own.headerFields.append(.origin, url.uppercased())
        precondition(origin.accepts(own))
        own.headerFields.append(.secFetchSite, text)
        if origin.accepts(own) { precondition(["same-origin", "none"].contains(text.lowercased())) }
    }
}

/// A path: what may be logged of it never holds a part of it that is secret.
private func path(_ text: String) {
    guard let route = Route(path: text) else { return }
    let known = Set(["/", "/b/{token}", "/ballot", "/ballot/{file}", "/ballot/end", "/t", "/t/{code}", "/healthz", "/office-ca.pem", "/accessibility", "/privacy",
        "/robots.txt", "/.well-known/security.txt", "/favicon.svg"])
    precondition(known.contains(route.pattern) && !route.methods.isEmpty)
    switch route {
    case .link(let token): precondition(text == "/b/\(token)")
    case .ballotFile(let name): precondition(text == "/ballot/\(name)" && !name.contains("/"))
    case .trackCode(let code): if let code = TrackingCode(code) { precondition(TrackingCode(code.text) == code) }
    default: precondition(text.utf8.count <= 32)
    }
}

/// What was served: sorted, apart from each other, bounded; kept as text it is itself.
private func served(_ text: String) {
    let served = ServedRanges(text: text)
    precondition(served.ranges.count <= 64)
    for (one, next) in zip(served.ranges, served.ranges.dropFirst()) { precondition(one.upperBound < next.lowerBound) }
    for range in served.ranges { precondition(range.lowerBound >= 0 && !range.isEmpty) }
    precondition(ServedRanges(text: served.text) == served)
    if served.covers(1000) {
        var more = served
        more.insert(5..<70)
        precondition(more.covers(1000))
    }
}
