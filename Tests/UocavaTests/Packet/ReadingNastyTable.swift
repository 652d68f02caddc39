import Foundation

/// What becomes of each file of the fixtures' `pdf-nasty`, as ``ReadingBases/outcome(_:)`` says it.
///
/// `page-size` are mostly pyHanko's pages of 4.17 by 2 inches. `picture-changed`: poppler and libqpdf understand a damaged file
/// differently, or the form asks readers to draw its fields anew (`NeedAppearances`), so nobody knows what the vendor meant.
enum NastyTable {
    /// A file's name below `pdf-nasty`: its source and name; for veraPDF's files its source, standard and name.
    static func key(_ file: URL) -> String {
        let below = file.path.dropFirst(Fixtures.folder("pdf-nasty").path.count + 1)
        let parts = below.split(separator: "/").map(String.init)
        let source = parts.prefix(parts.first == "verapdf" ? 2 : 1)
        return (source + parts.suffix(1)).joined(separator: "/")
    }

    /// The outcome of each.
    static let rows: [String: String] = {
        var rows: [String: String] = [:]
        var outcome = ""
        for line in table.split(separator: "\n") {
            if line.hasSuffix(":") { outcome = String(line.dropLast()) } else { rows[String(line)] = outcome }
        }
        return rows
    }()

    /// An outcome and a colon, then the files, one a line.
    private static let table = """
        taken:
        pdf20examples/PDF 2.0 image with BPC.pdf
        pdf20examples/Simple PDF 2.0 file.pdf
        pdfjs/Embedded_font.pdf
        pdfjs/arial_unicode_en_cidfont.pdf
        pdfjs/bigboundingbox.pdf
        pdfjs/bomb_giant.pdf
        pdfjs/bug1937438_from_word.pdf
        pdfjs/doc_2_3_pages.pdf
        pdfjs/doc_3_3_pages.pdf
        pdfjs/noembed-identity.pdf
        pdfjs/noembed-jis7.pdf
        pdfjs/noembed-sjis.pdf
        pdfjs/page_with_number.pdf
        pdfjs/rotated.pdf
        pdfjs/rotation.pdf
        pyhanko/bitmap-bg.pdf
        pyhanko/default-font.pdf
        pyhanko/double-newline.pdf
        pyhanko/empty-a4.pdf
        pyhanko/fancy-qr-stamp-test.pdf
        pyhanko/four-stamps-fixed.pdf
        pyhanko/ja-vert-stamps.pdf
        pyhanko/minimal-pdf-ua-and-a.pdf
        pyhanko/scribble-decomp.pdf
        pyhanko/simple-acroform-states.pdf
        pyhanko/source-serif-test.pdf
        pyhanko/stamp-from-static-pdf.pdf
        pyhanko/stamp-on-pdf-bg.pdf
        pyhanko/text-stamp-color.pdf
        qpdf/bad30.pdf
        qpdf/badlin1.pdf
        qpdf/boxes.pdf
        qpdf/boxes2.pdf
        qpdf/catalgg.pdf
        qpdf/content-stream-errors.pdf
        qpdf/damaged-inline-image.pdf
        qpdf/damaged-stream.pdf
        qpdf/dangling-refs.pdf
        qpdf/deep-duplicate-pages.pdf
        qpdf/delete-and-reuse.pdf
        qpdf/digitally-signed.pdf
        qpdf/enc-base.pdf
        qpdf/eof-terminates-literal.pdf
        qpdf/extensions-other.pdf
        qpdf/extra-header-no-newline.pdf
        qpdf/filter-abbreviation.pdf
        qpdf/from-scratch-0.pdf
        qpdf/gen1.pdf
        qpdf/good1.pdf
        qpdf/good10.pdf
        qpdf/good12.pdf
        qpdf/good13.pdf
        qpdf/good15.pdf
        qpdf/good16.pdf
        qpdf/good18.pdf
        qpdf/good19.pdf
        qpdf/good3.pdf
        qpdf/good5.pdf
        qpdf/good6.pdf
        qpdf/good7.pdf
        qpdf/good8.pdf
        qpdf/good9.pdf
        qpdf/image-streams-small.pdf
        qpdf/inherited-rotate.pdf
        qpdf/inline-images.pdf
        qpdf/large-inline-image.pdf
        qpdf/lin-special.pdf
        qpdf/lin0.pdf
        qpdf/lin4.pdf
        qpdf/lin6.pdf
        qpdf/lin9.pdf
        qpdf/linearization-bounds-2.pdf
        qpdf/long-id-linearized.pdf
        qpdf/long-id.pdf
        qpdf/minimal-1.pdf
        qpdf/minimal-9.pdf
        qpdf/minimal.pdf
        qpdf/newline-before-endstream-nl.pdf
        qpdf/object-stream.pdf
        qpdf/object-types.pdf
        qpdf/outlines-with-actions.pdf
        qpdf/page-inherit-mediabox.pdf
        qpdf/page-labels-and-outlines.pdf
        qpdf/page-labels-num-tree.pdf
        qpdf/reuse-xref-stream.pdf
        qpdf/rotated.pdf
        qpdf/shared-form-images.pdf
        qpdf/split-content-stream.pdf
        qpdf/streams-with-newlines.pdf
        qpdf/terminate-parsing.pdf
        qpdf/tokens.pdf
        qpdf/unfilterable.pdf
        qpdf/unrotated.pdf
        qpdf/weird-tokens.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-10-t01-fail-a.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-10-t01-fail-b.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-10-t01-fail-d.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-12-t02-fail-l.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-12-t02-pass-i.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-12-t04-fail-a.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-12-t06-fail-a.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-12-t08-pass-a.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-12-t08-pass-c.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-12-t09-fail-a.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-12-t10-fail-b.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-2-t01-pass-a.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-2-t02-fail-b.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-3-t02-fail-a.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-3-t02-pass-a.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-4-t01-fail-a.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-4-t03-pass-a.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-5-t01-fail-e.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-8-t01-fail-a.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-11-t01-pass-a.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-12-t01-fail-c.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-12-t01-pass-a.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-12-t01-pass-b.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-2-t01-fail-b.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-2-t01-fail-c.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-2-t01-pass-a.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-2-t02-fail-b.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-3-t01-fail-b.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-3-t04-fail-a.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-4-t01-fail-a.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-6-2-t01-fail-a.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-7-t01-fail-e.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-8-t01-fail-a.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-8-t01-fail-b.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-8-t01-fail-e.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-9-t01-fail-a.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-9-t01-fail-b.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-9-t01-fail-c.pdf
        verapdf/PDF_UA-1/5-t02-fail-a.pdf
        verapdf/PDF_UA-1/5-t05-fail-a.pdf
        verapdf/PDF_UA-1/7.1-t01-fail-a.pdf
        verapdf/PDF_UA-1/7.1-t02-pass-a.pdf
        verapdf/PDF_UA-1/7.1-t05-fail-a.pdf
        verapdf/PDF_UA-1/7.1-t05-fail-c.pdf
        verapdf/PDF_UA-1/7.1-t05-fail-d.pdf
        verapdf/PDF_UA-1/7.1-t05-pass-b.pdf
        verapdf/PDF_UA-1/7.1-t06-pass-a.pdf
        verapdf/PDF_UA-1/7.1-t08-fail-a.pdf
        verapdf/PDF_UA-1/7.1-t08-pass-a.pdf
        verapdf/PDF_UA-1/7.1-t10-fail-a.pdf
        verapdf/PDF_UA-1/7.1-t11-fail-a.pdf
        verapdf/PDF_UA-2/8.2.1-t01-fail-a.pdf
        verapdf/PDF_UA-2/8.2.2-t01-fail-c.pdf
        verapdf/PDF_UA-2/8.2.2-t01-pass-a.pdf
        verapdf/PDF_UA-2/8.2.4-t01-fail-b.pdf
        verapdf/PDF_UA-2/8.2.4-t01-pass-b.pdf
        verapdf/PDF_UA-2/8.2.4-t03-fail-a.pdf
        verapdf/PDF_UA-2/8.2.4-t04-fail-a.pdf
        verapdf/PDF_UA-2/8.2.5.20-t02-fail-b.pdf
        verapdf/PDF_UA-2/8.2.5.20-t02-pass-a.pdf
        verapdf/PDF_UA-2/8.2.5.20-t02-pass-b.pdf
        verapdf/PDF_UA-2/8.2.5.25-t01-fail-a.pdf
        verapdf/PDF_UA-2/8.2.5.26-t01-pass-b.pdf
        verapdf/PDF_UA-2/8.2.5.26-t03-fail-a.pdf
        verapdf/PDF_UA-2/8.2.5.26-t04-fail-b.pdf
        verapdf/PDF_UA-2/8.2.5.28.2-t01-pass-a.pdf
        repaired:
        pdfjs/GHOSTSCRIPT-698804-1-fuzzed.pdf
        pdfjs/issue19800.pdf
        pdfjs/issue9252.pdf
        pdfjs/pdfkit_compressed.pdf
        pdfjs/scan-bad.pdf
        qpdf/bad11.pdf
        qpdf/bad13.pdf
        qpdf/bad15.pdf
        qpdf/bad19.pdf
        qpdf/bad20.pdf
        qpdf/bad27.pdf
        qpdf/bad29.pdf
        qpdf/bad3.pdf
        qpdf/bad32.pdf
        qpdf/bad35.pdf
        qpdf/bad6.pdf
        qpdf/dangling-bad-xref.pdf
        qpdf/eof-reading-token.pdf
        qpdf/issue-106.pdf
        qpdf/issue-117.pdf
        qpdf/obj0.pdf
        qpdf/pound-in-name.pdf
        qpdf/zero-offset.pdf
        verapdf/PDF_A-1b/veraPDF test suite 6-1-2-t01-fail-b.pdf
        encrypted:
        pdfjs/empty_protected.pdf
        pdfjs/issue6010_2.pdf
        pyhanko/minimal-aes256.pdf
        pyhanko/minimal-pubkey-rc4.pdf
        pyhanko/minimal-with-field-aes256.pdf
        pyhanko/pubkey-ecc-test.pdf
        qpdf/20-pages.pdf
        qpdf/V4-aes-clearmeta.pdf
        qpdf/V4.pdf
        qpdf/c-r4.pdf
        qpdf/enc-R2,V1,U=view,O=master.pdf
        qpdf/enc-R2,V1,U=view,O=view.pdf
        qpdf/enc-R3,V2,O=master.pdf
        qpdf/enc-R3,V2.pdf
        qpdf/enc-XI-R6,V5,U=view,O=master.pdf
        qpdf/enc-XI-R6,V5,U=wwwww,O=wwwww.pdf
        qpdf/enc-XI-long-password.pdf
        qpdf/encrypted-40-bit-R3.pdf
        qpdf/encrypted-positive-P.pdf
        qpdf/encrypted-with-images.pdf
        verapdf/PDF_A-4/veraPDF test suite 6-1-3-t02-fail-a.pdf
        active-content, object 31 0:
        pdfjs/js-colors.pdf
        active-content, object 92 0:
        qpdf/enc-XI-attachments-base.pdf
        damaged:
        pdfjs/Brotli-Prototype-FileA.pdf
        pdfjs/REDHAT-1531897-0.pdf
        pdfjs/poppler-742-0-fuzzed.pdf
        pdfjs/poppler-91414-0-53.pdf
        pyhanko/minimal-startxref-obo5.pdf
        pyhanko/minimal-startxref-obo6.pdf
        qpdf/bad40.pdf
        qpdf/issue-100.pdf
        qpdf/issue-146.pdf
        qpdf/issue-99b.pdf
        qpdf/object-stream-self-ref.pdf
        damaged, object 3 0:
        qpdf/pages-loop.pdf
        damaged, object 5 0:
        pdfjs/Pages-tree-refs.pdf
        damaged, object 6 0:
        pyhanko/circular-page-tree.pdf
        damaged, page 1, object 22 0:
        pdfjs/poppler-90-0-fuzzed.pdf
        dynamic-form, object 32 0:
        pdfjs/xfa_issue14315.pdf
        embedded-file, object 8 0:
        qpdf/form-fields-and-annotations-shared.pdf
        embedded-file, page 1, object 20 0:
        pdfjs/annotation-fileattachment.pdf
        not-pdf:
        pdfjs/bug1606566.pdf
        qpdf/bad1.pdf
        qpdf/issue-147.pdf
        qpdf/issue-148.pdf
        qpdf/issue-150.pdf
        page-count:
        pdfjs/operator_list_cycle.pdf
        pyhanko/broken-objstream1.pdf
        pyhanko/broken-objstream3.pdf
        pyhanko/broken-objstream6.pdf
        qpdf/issue-120.pdf
        page-size, page 1:
        pdfjs/boundingBox_invalid.pdf
        pdfjs/bug2055455.pdf
        pdfjs/franz.pdf
        pdfjs/helloworld-bad.pdf
        pdfjs/issue10665_reduced.pdf
        pdfjs/issue5540.pdf
        pdfjs/issue7872.pdf
        pdfjs/openoffice.pdf
        pyhanko/extensions-indirect-not-all-paths.pdf
        pyhanko/form-tree-circular-ref-input.pdf
        pyhanko/form-update-ap-indirect-sneaky-trailer.pdf
        pyhanko/form-update-no-override-appearance-stream-ap-indirect.pdf
        pyhanko/form-update-override-appearance-stream-sneaky.pdf
        pyhanko/form-update-override-appearance-stream.pdf
        pyhanko/malformed-xref-space-padded.pdf
        pyhanko/minimal-broken-xref-size.pdf
        pyhanko/minimal-hybrid-xref-mswordstyle.pdf
        pyhanko/minimal-signed-twice-both-created.pdf
        pyhanko/minimal-signed-twice-no-sig-type.pdf
        pyhanko/minimal-signed-twice-second-created.pdf
        pyhanko/minimal-startxref-hopeless2.pdf
        pyhanko/minimal-startxref-hopeless3.pdf
        pyhanko/minimal-startxref-obo1.pdf
        pyhanko/minimal-startxref-obo2.pdf
        pyhanko/minimal-startxref-obo3.pdf
        pyhanko/minimal-startxref-same-line.pdf
        pyhanko/minimal-with-nonexistent-refs.pdf
        pyhanko/minimal-with-orphaned-xrefs.pdf
        pyhanko/minimal-with-simple-form.pdf
        pyhanko/minimal-with-textfield-group-var.pdf
        pyhanko/minimal-with-textfield-group.pdf
        pyhanko/minimal-xref.pdf
        pyhanko/minimal.pdf
        pyhanko/no-mediabox.pdf
        pyhanko/one-byterange.pdf
        pyhanko/pades-lta-dss-indirect-arrs-test.pdf
        pyhanko/pades-with-old-style-signing-cert-attr-issser.pdf
        pyhanko/pdf-background-test.pdf
        pyhanko/separate-annots-kids-indir.pdf
        pyhanko/sig-no-signed-attrs.pdf
        pyhanko/sig-with-ski-sid.pdf
        pyhanko/struct-tree-circular-ref.pdf
        pyhanko/tail-uncovered.pdf
        qpdf/png-filters.pdf
        page-size, page 2:
        qpdf/page-no-content.pdf
        page-size, page 3:
        qpdf/fax-decode-parms.pdf
        picture-changed, page 1:
        pdfjs/multiple-filters-length-zero.pdf
        qpdf/bad-xref-entry.pdf
        qpdf/bad39.pdf
        qpdf/field-types.pdf
        qpdf/form-bad-fields-array.pdf
        qpdf/form-errors.pdf
        qpdf/form-filled-with-atril.pdf
        qpdf/incremental-3.pdf
        qpdf/need-appearances.pdf
        qpdf/stream-line-enders.pdf
        """
}
