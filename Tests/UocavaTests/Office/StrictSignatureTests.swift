import Foundation
import Keys
import Packet
import Testing

@Suite("PAdES B-B, as other programs read it", .enabled(if: WritingFolder.hasPyHanko, "pyHanko is not installed"))
struct StrictSignatureTests {
    @Test("pyHanko finds a certified document with one CAdES signature: three signed attributes, one certificate, no signing time")
    func pyHanko() throws {
        let samples = try SignedSamples()
        let folder = try WritingFolder()
        try folder.write(try samples.packet(), to: "packet.pdf")
        try folder.write(samples.authority.pem, to: "ca.pem")
        try folder.write(samples.signer.certificate.pem, to: "signing.pem")
        try folder.write(Array(Self.script.utf8), to: "read.py")
        let said = try folder.run("python3", ["read.py", "\(keysNow + 60)"])
        let lines = said.split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "signatures 1", "sub filter /ETSI.CAdES.detached", "filter /Adobe.PPKLite", "time D:20271102120000Z", "certifies /DocMDP 1",
                "range whole file", "content signed_data data, detached, version v1", "digest sha256 no parameters",
                "certificates 1 the signer's", "revocation lists none", "signers 1, version v1, issuer and serial number",
                "signed attributes content_type=data message_digest signing_certificate_v2=sha256 of the certificate",
                "algorithm sha256_ecdsa no parameters", "unsigned attributes none", "basic AdESPassed.OK",
                "docmdp True, coverage ENTIRE_FILE, modification NONE, trusted True, intact True, valid True"
            ], "\(said)")
    }

    @Test("OpenSSL's own reader of ASN.1 sees the same objects and no others")
    func openSSL() throws {
        let samples = try SignedSamples()
        try samples.folder.write(try PacketFile.parse(try samples.packet()).cms, "cms.der")
        let said = try samples.folder.openssl("asn1parse", "-inform", "DER", "-in", "cms.der").said
        let lines = said.split(separator: "\n")
        // Past the certificate, which has objects and times of its own: the signers' information is the last SET at that depth.
        let start = try #require(lines.lastIndex { $0.contains("d=3") && $0.contains("SET") })
        let objects = lines[start...].filter { $0.contains("OBJECT") }.compactMap { $0.split(separator: ":").last.map(String.init) }
        let attributes = ["contentType", "pkcs7-data", "messageDigest", "id-smime-aa-signingCertificateV2"]
        #expect(objects.suffix(6) == ["sha256"] + attributes + ["ecdsa-with-SHA256"], "\(objects)")
        #expect(!lines[start...].contains { $0.contains("TIME") }, "no time is in the signer's information")
        #expect(lines.filter { $0.contains("d=3") && $0.contains("cont [ 0 ]") }.count == 1, "certificates, and no revocation lists")
    }

    private static let script = """
        import asyncio, datetime, hashlib, sys
        from pyhanko.pdf_utils.reader import PdfFileReader
        from pyhanko.keys import load_cert_from_pemder
        from pyhanko.sign.validation import validate_pdf_signature
        from pyhanko.sign.validation.ades import ades_basic_validation
        from pyhanko.sign.validation.policy_decl import SignatureValidationSpec
        from pyhanko_certvalidator import ValidationContext
        from pyhanko_certvalidator.context import CertValidationPolicySpec
        from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule
        from pyhanko_certvalidator.registry import SimpleTrustManager
        from pyhanko_certvalidator.ltv.types import ValidationTimingInfo

        moment = datetime.datetime.fromtimestamp(int(sys.argv[1]), datetime.timezone.utc)
        file = open("packet.pdf", "rb")
        size = len(file.read())
        reader = PdfFileReader(file)
        print("signatures", len(reader.embedded_signatures))
        signature = reader.embedded_signatures[0]
        thing = signature.sig_object
        print("sub filter", thing["/SubFilter"])
        print("filter", thing["/Filter"])
        print("time", thing.raw_get("/M"))
        reference = thing["/Reference"]
        print("certifies", reference[0]["/TransformMethod"], reference[0]["/TransformParams"]["/P"])
        assert len(reference) == 1 and reader.root["/Perms"]["/DocMDP"]["/M"] == thing["/M"]
        a, b, c, d = thing["/ByteRange"]
        assert file.seek(b) == b and file.read(1) == b"<" and file.seek(c - 1) and file.read(1) == b">"
        print("range whole file" if a == 0 and c + d == size else "range", *([] if a == 0 and c + d == size else [a, b, c, d]))

        def parameters(algorithm):
            # A NULL would be parameters too: two bytes.
            return "parameters" if algorithm["parameters"].dump() else "no parameters"

        from asn1crypto import cms
        info = cms.ContentInfo.load(bytes.fromhex(signature.pkcs7_content.hex()), strict=False)
        data = info["content"]
        content = data["encap_content_info"]
        detached = "detached" if content["content"].native is None else "attached"
        print("content", info["content_type"].native, f"{content['content_type'].native}, {detached}, version {data['version'].native}")
        print("digest", *[f"{x['algorithm'].native} {parameters(x)}" for x in data["digest_algorithms"]])
        own = load_cert_from_pemder("signing.pem")
        certificates = data["certificates"]
        print("certificates", len(certificates), "the signer's" if certificates[0].chosen.dump() == own.dump() else "another's")
        print("revocation lists", "none" if data["crls"].native is None else "some")
        signer = data["signer_infos"][0]
        sid = signer["sid"]
        assert sid.chosen["issuer"] == own.issuer and sid.chosen["serial_number"].native == own.serial_number
        print(f"signers {len(data['signer_infos'])}, version {signer['version'].native},",
              "issuer and serial number" if sid.name == "issuer_and_serial_number" else sid.name)
        words = []
        for attribute in signer["signed_attrs"]:
            name = attribute["type"].native
            assert len(attribute["values"]) == 1
            value = attribute["values"][0]
            if name == "content_type": name += "=" + value.native
            if name == "signing_certificate_v2":
                one = value["certs"]
                right = len(one) == 1 and one[0]["cert_hash"].native == hashlib.sha256(own.dump()).digest()
                name += f"={one[0]['hash_algorithm']['algorithm'].native} of " + ("the certificate" if right else "something else")
            words.append(name)
        print("signed attributes", *words)
        print("algorithm", signer["signature_algorithm"]["algorithm"].native, parameters(signer["signature_algorithm"]))
        print("unsigned attributes", "none" if signer["unsigned_attrs"].native is None else "some")

        root = load_cert_from_pemder("ca.pem")
        rule = RevocationCheckingRule.NO_CHECK
        policy = CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=[root]),
            revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(ee_certificate_rule=rule, intermediate_ca_cert_rule=rule)))
        spec = SignatureValidationSpec(cert_validation_policy=policy)
        timing = ValidationTimingInfo(validation_time=moment, best_signature_time=moment, point_in_time_validation=True)
        result = asyncio.run(ades_basic_validation(signature.signed_data, spec, timing, raw_digest=signature.compute_digest()))
        print("basic", result.ades_subindic)
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root], moment=moment, allow_fetching=False))
        print(f"docmdp {status.docmdp_ok}, coverage {status.coverage.name}, modification {status.modification_level.name},",
              f"trusted {status.trusted}, intact {status.intact}, valid {status.valid}")
        """
}
