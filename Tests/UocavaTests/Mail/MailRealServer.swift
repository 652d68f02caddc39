import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A mail server as Debian ships it, with a configuration of the test's own, on loopback: Postfix or Exim.
///
/// `scripts/setup --tests` unpacks their packages into `.build/tools` (installed, they would start at once, and each throws out the
/// other). It takes mail for `voter@example.org` and for nobody else, and from the user ``user`` for anybody; its name is `localhost`, its
/// certificate is from the test authority in ``Running/authority``.
struct MailRealServer: Sendable, CustomTestStringConvertible {
    enum Kind: String, Sendable, CaseIterable {
        case postfix, exim

        /// What is missing here; nil: it can run.
        var missing: String? {
            // Both change to another user to deliver.
            guard getuid() == 0 else { return "it runs as root only" }
            let needed =
                self == .postfix
                ? ["postfix/usr/lib/postfix/sbin/master", "sasl/usr/sbin/saslpasswd2"] : ["exim/usr/sbin/exim4", "exim/libnss_wrapper.so"]
            let absent = needed.filter { !FileManager.default.fileExists(atPath: MailRealServer.tools.appendingPathComponent($0).path) }
            return absent.isEmpty ? nil : "\(absent[0]) is not in .build/tools (scripts/setup --tests)"
        }
    }

    /// What is wrong with the certificate.
    enum Flaw: String, Sendable, CaseIterable { case expired, otherName, otherAuthority, noTLS }

    let kind: Kind
    var flaw: Flaw?
    /// Letters larger than this many bytes are refused.
    var sizeLimit = 1_000_000
    /// Messages, or connections, that one client may begin in a minute; 0: any number. Postfix only.
    var messagesPerMinute = 0
    var connectionsPerMinute = 0

    static let user = "office"
    static let password = "right one"

    var testDescription: String { "\(kind.rawValue)\(flaw.map { " \($0.rawValue)" } ?? "")" }

    init(_ kind: Kind) { self.kind = kind }

    /// `.build/tools` of the checkout that this file is in.
    static let tools: URL = {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/", !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
            folder.deleteLastPathComponent()
        }
        return folder.appendingPathComponent(".build/tools")
    }()

    /// A server at work.
    final class Running {
        let port: Int
        let folder: URL
        /// The PEM file of the authority that signed its certificate.
        var authority: String { folder.appendingPathComponent("ca.pem").path }
        private let process: Process

        fileprivate init(_ process: Process, _ port: Int, _ folder: URL) {
            self.process = process
            self.port = port
            self.folder = folder
        }

        /// The letters in the mailbox of `voter@example.org`, each with the server's own header lines at the top, in the order of arrival;
        /// waits a few seconds for so many.
        func delivered(_ count: Int) throws -> [[UInt8]] {
            var found: [[UInt8]] = []
            for _ in 0..<200 {
                found = try boxes().map { try [UInt8](Data(contentsOf: $0)) }
                if found.count >= count { break }
                Thread.sleep(forTimeInterval: 0.05)
            }
            return found
        }

        /// Maildir names begin with the time in seconds, which does not order them: the time of their making does.
        private func boxes() throws -> [URL] {
            let new = folder.appendingPathComponent("mail/voter/new")
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: new.path) else { return [] }
            return try names.map { new.appendingPathComponent($0) }.map { file in
                (try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date ?? .distantPast, file)
            }.sorted { $0.0 < $1.0 }.map(\.1)
        }

        /// What the server logged.
        var log: String {
            ["log", "log/mainlog", "log/paniclog", "errors"].compactMap {
                try? String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)
            }.joined()
        }

        /// Ends it with all its processes; the folder stays.
        func stop() {
            kill(-process.processIdentifier, SIGTERM)
            for _ in 0..<40 where process.isRunning { Thread.sleep(forTimeInterval: 0.05) }
            kill(-process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    /// Starts it in an empty folder, where all it keeps will be.
    func start(in folder: URL) throws -> Running {
        try certificates(in: folder)
        let port = try mailServerPort()
        let root = folder.path
        let tools = Self.tools.path
        var environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"]
        let command: [String]
        switch kind {
        case .postfix:
            environment["LD_LIBRARY_PATH"] = "\(tools)/postfix/usr/lib/postfix"
            environment["MAIL_CONFIG"] = "\(root)/conf"
            command = ["\(tools)/postfix/usr/lib/postfix/sbin/master", "-c", "\(root)/conf", "-d"]
            try prepare(folder, Self.postfixFolders)
            try write(postfixMain(root, "\(tools)/postfix"), "conf/main.cf", folder)
            try write(Self.postfixServices.replacingOccurrences(of: "PORT", with: "\(port)"), "conf/master.cf", folder)
            try write("voter@example.org voter/\n", "conf/boxes", folder)
            try write(
                "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN CRAM-MD5\nsasldb_path: \(root)/sasl/users\n",
                "conf/sasl/smtpd.conf", folder)
            let users =
                "echo '\(Self.password)' | '\(tools)/sasl/usr/sbin/saslpasswd2' -p -c -f sasl/users -u relay.test \(Self.user)"
                + " && chown mail sasl/users"
            _ = try mailTestProgram("/bin/sh", ["-c", users], in: folder)
        case .exim:
            environment["LD_PRELOAD"] = "\(root)/libnss_wrapper.so"
            environment["NSS_WRAPPER_PASSWD"] = "\(root)/passwd"
            environment["NSS_WRAPPER_GROUP"] = "\(root)/group"
            command = ["\(root)/exim4", "-C", "\(root)/exim.conf", "-bdf"]
            // Its own user, who delivers, need not be able to look into the checkout.
            try prepare(folder, "cp '\(tools)/exim/usr/sbin/exim4' '\(tools)/exim/libnss_wrapper.so' .")
            try prepare(folder, "mkdir -p spool mail log && chown mail:mail spool mail log && chown mail server.key")
            // Debian's Exim wants its own user. Ours has that name for Exim alone.
            try write(
                "root:x:0:0::/root:/bin/sh\nDebian-exim:x:8:8::/nonexistent:/bin/false\nmail:x:8:8::/nonexistent:/bin/false\n", "passwd",
                folder)
            try write("root:x:0:\nDebian-exim:x:8:\nmail:x:8:\n", "group", folder)
            try write(eximConfiguration(root, port), "exim.conf", folder)
        }

        let process = Process()
        // A child of a worker thread inherits that thread's mask, which blocks SIGTERM; and all of the server's processes are one group.
        let launch =
            "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); "
            + "os.getpgrp() == os.getpid() or os.setsid(); os.execv(sys.argv[1], sys.argv[1:])"
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", launch] + command
        process.environment = environment
        process.currentDirectoryURL = folder
        let errors = folder.appendingPathComponent("errors")
        try Data().write(to: errors)
        process.standardOutput = try FileHandle(forWritingTo: errors)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let running = Running(process, port, folder)
        for _ in 0..<300 {
            if mailAnswers(port) { return running }
            guard process.isRunning else { break }
            Thread.sleep(forTimeInterval: 0.05)
        }
        running.stop()
        throw MailTestFailure(what: "\(kind.rawValue) did not start: \(running.log)")
    }

    // MARK: Certificates and folders

    private func certificates(in folder: URL) throws {
        try MailTestCertificates.make(in: folder)
        switch flaw {
        case .expired, .otherName:
            if flaw == .otherName { try write("subjectAltName=DNS:relay.example.org\n", "names", folder) }
            _ = try mailTestProgram(
                "/usr/bin/openssl",
                [
                    "x509", "-req", "-days", flaw == .expired ? "-1" : "2", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                    "-extfile", "names", "-out", "server.pem"
                ],
                in: folder)
        // The client trusts what is in `ca.pem`.
        case .otherAuthority:
            _ = try mailTestProgram("/bin/cp", ["other.pem", "ca.pem"], in: folder)
        case .noTLS, nil: break
        }
    }

    private func write(_ text: String, _ name: String, _ folder: URL) throws {
        try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }

    private func prepare(_ folder: URL, _ script: String) throws {
        _ = try mailTestProgram("/bin/sh", ["-c", "umask 022; chmod 755 . && chmod 644 server.key && \(script)"], in: folder)
    }

    // MARK: Postfix

    private static let postfixFolders = """
        mkdir -p conf/sasl sasl data mail queue && chown mail data && chown nobody:nogroup mail && cd queue && \
        mkdir -p active bounce corrupt defer deferred flush hold incoming private saved trace pid public maildrop && \
        chmod 700 active bounce corrupt defer deferred flush hold incoming private saved trace && \
        chown mail active bounce corrupt defer deferred flush hold incoming private saved trace && \
        chown mail:uucp public maildrop && chmod 710 public && chmod 730 maildrop
        """

    private func postfixMain(_ root: String, _ tools: String) -> String {
        """
        compatibility_level = 3.6
        queue_directory = \(root)/queue
        data_directory = \(root)/data
        command_directory = \(tools)/usr/sbin
        daemon_directory = \(tools)/usr/lib/postfix/sbin
        shlib_directory = \(tools)/usr/lib/postfix
        meta_directory = \(root)/conf
        mail_owner = mail
        setgid_group = uucp
        default_privs = nobody
        import_environment = LD_LIBRARY_PATH=\(tools)/usr/lib/postfix MAIL_CONFIG=\(root)/conf LANG=C
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        myhostname = relay.test
        mydestination =
        mynetworks =
        alias_maps =
        local_transport = error:no mail for this host
        default_transport = error:no mail for elsewhere
        maillog_file = \(root)/log
        maillog_file_prefixes = \(root)
        virtual_mailbox_domains = example.org
        virtual_mailbox_base = \(root)/mail
        virtual_mailbox_maps = texthash:\(root)/conf/boxes
        virtual_uid_maps = static:65534
        virtual_gid_maps = static:65534
        virtual_minimum_uid = 1
        virtual_mailbox_limit = 0
        message_size_limit = \(sizeLimit)
        smtpd_client_event_limit_exceptions =
        smtpd_client_message_rate_limit = \(messagesPerMinute)
        smtpd_client_connection_rate_limit = \(connectionsPerMinute)
        smtpd_relay_restrictions = permit_sasl_authenticated, reject
        smtpd_sasl_auth_enable = yes
        smtpd_sasl_path = smtpd
        smtpd_sasl_local_domain = relay.test
        smtpd_sasl_security_options = noanonymous
        smtpd_tls_auth_only = yes
        smtpd_tls_security_level = \(flaw == .noTLS ? "none" : "may")
        smtpd_tls_cert_file = \(root)/server.pem
        smtpd_tls_key_file = \(root)/server.key

        """
    }

    private static let postfixServices = """
        127.0.0.1:PORT inet n - n - - smtpd
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        verify unix - - n - 1 verify
        proxymap unix - - n - - proxymap
        virtual unix - n n - - virtual
        error unix - - n - - error
        anvil unix - - n - 1 anvil
        tlsmgr unix - - n 1000? 1 tlsmgr
        postlog unix-dgram n - n - 1 postlogd

        """

    // MARK: Exim

    private func eximConfiguration(_ root: String, _ port: Int) -> String {
        """
        primary_hostname = relay.test
        spool_directory = \(root)/spool
        log_file_path = \(root)/log/%slog
        keep_environment = LD_PRELOAD:NSS_WRAPPER_PASSWD:NSS_WRAPPER_GROUP
        exim_path = \(root)/exim4
        exim_user = Debian-exim
        exim_group = Debian-exim
        deliver_drop_privilege = true
        never_users =
        local_interfaces = 127.0.0.1
        daemon_smtp_ports = \(port)
        host_lookup =
        rfc1413_query_timeout = 0s
        tls_advertise_hosts = \(flaw == .noTLS ? "" : "*")
        tls_certificate = \(root)/server.pem
        tls_privatekey = \(root)/server.key
        message_size_limit = \(sizeLimit)
        acl_smtp_mail = accept
        acl_smtp_rcpt = rcpt
        acl_smtp_data = accept
        begin acl
        rcpt:
          deny message = authentication required
               ! authenticated = *
          deny message = no such user here
               ! local_parts = voter
          accept
        begin routers
        boxes:
          driver = accept
          transport = box
        begin transports
        box:
          driver = appendfile
          maildir_format
          directory = \(root)/mail/voter
          create_directory
          user = Debian-exim
          group = Debian-exim
          return_path_add
        begin authenticators
        plain:
          driver = plaintext
          public_name = PLAIN
          server_prompts = :
          server_condition = ${if and{{eq{$auth2}{\(Self.user)}}{eq{$auth3}{\(Self.password)}}}}
          server_set_id = $auth2
          server_advertise_condition = ${if def:tls_in_cipher}
        login:
          driver = plaintext
          public_name = LOGIN
          server_prompts = <| Username: | Password:
          server_condition = ${if and{{eq{$auth1}{\(Self.user)}}{eq{$auth2}{\(Self.password)}}}}
          server_set_id = $auth1
          server_advertise_condition = ${if def:tls_in_cipher}

        """
    }
}

/// A port on loopback that nobody listens on, below those that the kernel hands out: a test beside this one could be given it.
private func mailServerPort() throws -> Int {
    for _ in 0..<100 {
        let port = Int.random(in: 10_240..<32_000)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = mailLoopback(port)
        let isFree = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isFree { return port }
    }
    throw MailTestFailure(what: "no free port")
}

/// Whether somebody listens on a port of loopback.
private func mailAnswers(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = mailLoopback(port)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

private func mailLoopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    return address
}
