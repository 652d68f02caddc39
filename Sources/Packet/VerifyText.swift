/// `VERIFY.txt`: how to check this very file with tools that are on every computer, without the office's program.
package enum VerifyText {
    /// The text, in plain ASCII.
    ///
    /// `fileName` is the PDF's name beside it, `byteRange` the two pairs of ``ParsedPacket/byteRange``, `baseSHA256` 64 hexadecimal
    /// digits of the first `baseLength` bytes, `signedAt` the time of signing (unix time). The office's name and address are as they are;
    /// what is not ASCII in them becomes `?`.
    package static func make(
        fileName: String, byteRange: (Int, Int, Int, Int), baseLength: Int, baseSHA256: String, signedAt: Int64, officeName: String,
        publicURL: String
    ) -> String {
        let (_, first, second, length) = byteRange
        let text = """
            How to check that this ballot packet is genuine
            ===============================================

            In this archive:
              \(fileName)     what you print
              packet.p7s     the office's electronic signature of it (the same one that is inside the PDF)
              manifest.json  what the packet says of itself; it is inside the PDF as well

            Simplest: open \(fileName) in a PDF reader that checks signatures. It must say
            who signed it, and that it was not changed since.

            With OpenSSL 3 (in a terminal, in the folder with these files):

            1. Get the office's certificate from the office, and not from whoever gave you this file, and
               save it in this folder as office-ca.pem:

               \(publicURL)/office-ca.pem

            2. Take out of the PDF what was signed, which is all of it but the signature's own place:

               head -c \(first) \(fileName) > signed.bin
               tail -c +\(second + 1) \(fileName) | head -c \(length) >> signed.bin

            3. Check the signature:

               openssl cms -verify -binary -inform DER -in packet.p7s -content signed.bin -CAfile office-ca.pem -purpose any -out checked.bin

               It must say: CMS Verification successful (older versions: Verification successful).

               Years later it may say "certificate has expired". What counts is that the certificate was
               valid when it signed: add the time of signing to the same command, -attime \(signedAt)

            4. The first \(baseLength) bytes, with the ballot in them, are the same for every voter with this
               ballot style in this language, on this paper and with the same instructions. The manifest, which the signature covers, names their SHA-256:

               head -c \(baseLength) \(fileName) | sha256sum

               It must print: \(baseSHA256)

               A voter of the same ballot style with another language, paper (Letter, A4) or instructions has
               another number, and the same ballot pages in it. Ask the office, which sees all of them with:
               uocava styles list --format json

            If a step fails, do not use the packet: ask \(officeName).

            """
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isASCII ? $0 : "?" }))
    }
}
