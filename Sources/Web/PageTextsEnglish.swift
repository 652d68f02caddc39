extension PageTexts {
    /// The pages in English. Plain words, short sentences, no blame.
    package static let english: [String: String] = [
        "skip": "Skip to the main part",
        "sample": "This is a test. Nothing here is a real ballot.",
        "contact": "Contact the election office",
        "email": "E-mail", "phone": "Telephone", "fax": "Fax", "post": "Post",
        "office": "Election office",

        "home_title": "Ballots for military and overseas voters",
        "home_what":
            "Here the election office hands blank ballots to voters who are away from home. You print your ballot, mark it on paper, and post it back.",
        "home_get": "How to get your ballot",
        "home_step_letter": "The election office sends you an e-mail with a link of your own. Open that link.",
        "home_step_answer": "Answer one question, so that only you can open your ballot.",
        "home_step_print": "Download your packet and print it. It holds your ballot, the declaration to sign, and an envelope.",
        "home_step_post": "Mark your ballot, sign the declaration, and post both.",
        "home_lost": "No e-mail, or the link does not work? The election office will gladly send you a new one.",
        "home_where": "Where is my ballot?",
        "home_track": "With the tracking code from the first page of your packet you can see whether your ballot has arrived.",
        "home_signed": "Every packet is signed by the election office, and the ZIP beside your packet says how to check the signature.",
        "home_certificate": "The certificate with which you can check a packet",

        "home_closes": "Links work until", "home_closed_on": "Links worked until", "home_postmark": "Postmarked by",
        "home_receipt": "Your ballot must be here by",
        "home_overseas": "From overseas, it must be here by",
        "home_closed":
            "Links have closed: no more ballots are handed out here. If you have yours and have not posted it, please post it now, or ask the election office what you can still do.",
        "home_genuine": "Is the e-mail genuine?",
        "home_genuine_link":
            "Our e-mail has your name and one link. The link begins with {address}. It has no attachment.",
        "home_genuine_never":
            "We never ask how you vote, for a payment, or for your whole voter or Social Security number, and never that you send your marked ballot by e-mail. If in doubt, please call us.",

        "accessibility_title": "Accessibility",
        "accessibility_aim":
            "Everybody shall be able to use this site. It is made to meet the Web Content Accessibility Guidelines (WCAG) 2.2, level AA.",
        "accessibility_how":
            "It works with a screen reader, with the keyboard alone, without scripts, in a text browser, on a small screen, enlarged to 400 %, and in dark colours. You need never be quick: a link works until the day that the start page names, and your download for 24 hours. After several wrong answers a link rests for up to two hours.",
        "accessibility_packet": "Your packet",
        "accessibility_packet_body":
            "The packet is a PDF. Its cover, declaration and envelope are made for screen readers. The ballot itself, and sheets that the office adds, are the pictures that everybody’s are printed from, and may be hard to read with a screen reader.",
        "accessibility_help": "If something does not work for you",
        "accessibility_help_body":
            "Please tell the election office. It will help you get and mark your ballot in another way, privately and on your own.",

        "privacy_title": "Privacy",
        "privacy_vote": "How you vote is never known to this site. You mark your ballot on paper and post it.",
        "privacy_kept": "What is written down",
        "privacy_kept_body":
            "Which e-mails were sent to you, when your link was opened, when you asked for a new one, when your packet was downloaded, when your envelope arrived, and what was decided about it and why. The election office must be able to show that every voter got the right ballot.",
        "privacy_tries":
            "How often the question was answered wrongly, for each link. Against guessing, the site also keeps in mind for some minutes how many wrong answers came from a network. It writes down a network’s address only when many different links were tried from there.",
        "privacy_not": "What is not",
        "privacy_not_body":
            "Your name, addresses, telephone number and date of birth are kept encrypted, and no page shows them. No other company’s scripts, pictures, fonts or counters are on these pages, and nobody follows you here.",
        "privacy_cookie":
            "One cookie is set, only when you open your ballot, and it opens nothing after 24 hours or when you close your ballot.",
        "privacy_who": "Who answers for it",
        "privacy_who_body": "The election office named below. It will gladly tell you what it has about you.",

        "link_title": "Open your ballot",
        "link_why": "Please answer one question, so that nobody else can open your ballot.",
        "link_open": "Open my ballot",
        "link_once":
            "Looking at this page uses nothing up. Your link is used when you open your ballot with the right answer; after that you have 24 hours to download it in this browser.",
        "ask_date-of-birth": "Your date of birth",
        "hint_date-of-birth": "For example 03/07/1984 (always the month first), or 7 March 1984.",
        "ask_last-four-of-id": "The last four characters of your voter number",
        "hint_last-four-of-id": "Four letters or digits.",
        "ask_none": "The word from your letter",
        "hint_none": "Six letters and digits, just below the link.",
        "again_head": "Please type it once more",
        "again_date-of-birth":
            "We could not read that as a date of birth. Please write it like 03/07/1984 (month first), 7 March 1984, or 1984-03-07. This did not count as a try.",
        "again_last-four-of-id":
            "Please type exactly four letters or digits: the last four of your voter number. This did not count as a try.",
        "again_none": "Please type the six letters and digits that stand just below the link in your letter. This did not count as a try.",
        "refused_head": "That did not open a ballot.",
        "refused_date-of-birth":
            "The date may differ from the one on file, the link may be an old one, or it may be resting after several tries.",
        "refused_last-four-of-id":
            "The characters may differ from those on file, the link may be an old one, or it may be resting after several tries.",
        "refused_none": "The word may differ, the link may be an old one, or it may be resting after several tries.",
        "refused_next":
            "Please check it and try again. If it still does not work, wait up to two hours, or ask the election office. It will gladly help.",
        "slow_head": "Too many wrong answers from your network",
        "slow_body":
            "Somebody on the same network has given many wrong answers. Please wait a minute and try again. Your link is not used up.",

        "used_title": "This link has been used",
        "used_when": "It was opened on {when} ({zone}) with the right answer.",
        "used_here": "A ballot is open in this browser: you can go on.",
        "used_elsewhere":
            "If that was you, go on in the browser in which you opened it; that works for 24 hours, unless you closed your ballot there. Or have a new link sent to you, below.",
        "used_not_me": "If that was not you, please tell the election office right away. It can end this link and send you a new one.",
        "replaced_title": "There is a newer link",
        "replaced_body":
            "The election office has sent you a newer link, and this one no longer works. Please use the link in its latest e-mail.",
        "replaced_none": "Cannot find it? Look in the junk folder, or have another one sent to you.",
        "closed_title": "This link has closed",
        "closed_body": "The time for opening ballots of this election is over, so this link no longer opens one.",
        "closed_next": "Please ask the election office what you can still do.",
        "over_go_on": "Go on to your ballot",
        "over_new": "Do you need a new link?",
        "over_new_what":
            "We can send one to the e-mail address that the election office has for you. Links that you had before then stop working, and so does a ballot that is open in a browser.",
        "over_new_send": "Send me a new link",
        "wish_title": "A new link is on its way",
        "wish_body":
            "It goes to the e-mail address that the election office has for you, usually within a few minutes. If that address is quite new, or your ballot is back already, the office looks at it first. If it is an old one, please tell the office.",
        "wish_junk": "Nothing there after an hour? Look in the junk folder, and then ask the election office.",
        "wish_many_title": "You have been sent new links today",
        "wish_many_body":
            "There are at most three in a day. Please look for the latest in your e-mail, in the junk folder, too. If it is not there, ask the election office.",
        "wish_late_title": "Please answer once more",
        "wish_late_body":
            "That form is no longer good; it is for half an hour. Please open your link again, answer the question, and then ask for the new link.",

        "new_link_title": "If you need a new link",
        "new_link_letter":
            "If you still have an older e-mail of ours: open its link and answer the question. If the link has been used or replaced, you can have a new one sent to you right there.",
        "new_link_mailed":
            "A new link always goes to the e-mail address that the election office has for you. Nobody can have it sent elsewhere from this site.",
        "new_link_none": "If you have no e-mail of ours, or another address now",
        "new_link_none_body":
            "Please write to or call the election office named below. It finds you by your name and voter number, corrects your address, and sends you a new link.",

        "verify_title": "Check a packet",
        "verify_what":
            "Is a ballot packet genuine and unchanged? Every packet has a fingerprint, its SHA-256. Here you learn whether this office issued a packet with exactly this fingerprint, and when.",
        "verify_file": "Choose the packet, a PDF",
        "verify_file_hint":
            "The file stays on your device. Only its fingerprint is sent. If you have a ZIP, open it and choose the PDF in it.",
        "verify_busy": "Reading the file …",
        "verify_zip": "That is a ZIP. Please open it and choose the PDF in it.",
        "verify_failed": "The file could not be read. Please type its fingerprint below.",
        "verify_label": "The fingerprint (SHA-256)",
        "verify_hint": "64 digits and letters from a to f. Spaces do no harm.",
        "verify_large": "Please do not send the file: its fingerprint is enough.",
        "verify_ask": "Check",
        "verify_how": "How to find the fingerprint yourself",
        "verify_found": "Yes: this office issued this packet.",
        "verify_found_body": "It was made on {when} ({zone}) for the {election}.",
        "verify_superseded": "The office has taken it back since. If it is yours, please use the newer one, or ask the office.",
        "verify_unknown": "This office issued no packet with this fingerprint.",
        "verify_unknown_pdf":
            "Is it the PDF exactly as you downloaded it? A packet that was printed to a new file, saved by another program, or taken as the whole ZIP has another fingerprint.",
        "verify_unknown_body": "If it came to you in any other way, do not use it, and tell the election office.",
        "verify_unclear": "That is no fingerprint.",
        "verify_unclear_body": "It has exactly 64 digits and letters from a to f. Please copy all of it.",

        "ballot_title": "Your ballot is ready",
        "ballot_election": "Election", "ballot_date": "Election day", "ballot_style": "Ballot", "ballot_language": "Language",
        "ballot_pdf": "Download your packet",
        "ballot_again": "Until {until} ({zone}) you can download it again in this browser.",
        "ballot_next": "What to do next",
        "ballot_step_print": "Print all pages with the setting “fit to page”, but the envelope at 100 %. Any paper will do.",
        "ballot_print": "If you have trouble printing",
        "ballot_print_where":
            "A hotel, a library, an embassy or consulate, and on board or on base the voting assistance officer can print it for you. Take the file with you; nobody needs to see it.",
        "ballot_print_how":
            "Black and white is fine, and so is plain paper, Letter or A4, on one side of each sheet. If a page comes out cut off, open the file in a PDF reader, not in the browser, and print it again.",
        "ballot_step_mark": "Mark your ballot in ink, in private.",
        "ballot_step_sign": "Fill in, sign and date the declaration. Without your signature the ballot cannot count.",
        "ballot_step_envelope": "Put ballot and declaration into an envelope, with the printed address on it.",
        "ballot_step_secrecy":
            "Cover your ballot with the secrecy sheet. Put both, and the declaration, into an envelope with the printed address on it.",
        "ballot_post_by": "Post it by {day}. Earlier is better.",
        "ballot_post": "Post it as soon as you can.",
        "return_notice": "Your ballot must be returned by post to be counted.",
        "ballot_inside": "What the packet holds",
        "ballot_part_cover": "a cover page with what to do, and your tracking code",
        "ballot_part_instructions": "the election office’s instructions",
        "ballot_part_declaration": "the declaration for you to sign",
        "ballot_part_ballot": "your ballot, exactly as it is printed for everyone with the same ballot",
        "ballot_part_write-ins": "the candidates whose names you may write in",
        "ballot_part_secrecy": "the secrecy sheet, to cover your ballot in the envelope",
        "ballot_part_envelope": "the envelope, to cut out or to fold",
        "ballot_follow": "Follow your ballot",
        "ballot_code": "Your tracking code shows when your ballot arrives. It stands on the cover page, too:",
        "ballot_check": "For those who want to check",
        "ballot_zip_what":
            "The packet is signed by the election office; most PDF readers show that. The ZIP holds the same packet together with its signature and how to check it yourself.",
        "ballot_zip": "Download as ZIP",
        "ballot_done": "Is this not your own device?",
        "ballot_end_what":
            "Then close the ballot here when you have downloaded it. After that this browser cannot open it any more. Please delete the downloaded file, too.",
        "ballot_end": "Close my ballot",

        "novisit_title": "Please open your link first",
        "novisit_body":
            "This page shows a ballot only after its link was opened with the right answer in this same browser, and for 24 hours after that.",
        "novisit_next":
            "Please open the link from the election office’s e-mail again. If it has been used, you can have a new one sent to you there.",
        "ended_title": "Your ballot is closed",
        "ended_body":
            "This browser cannot open it any more. If you need it once more, open your link again and have a new one sent to you.",
        "ended_next": "Please mark, sign and post your ballot soon.",

        "track_title": "Track your ballot",
        "track_what": "See how far your ballot has come, on its way to you and back.",
        "track_label": "Your tracking code",
        "track_hint": "It begins with T and stands on the cover page of your packet.",
        "track_show": "Show my ballot",
        "track_unknown": "We found no ballot with this code",
        "track_unknown_body":
            "Please check it letter by letter. The code begins with T; the code on the envelope, which begins with R, does not work here.",

        "way_title": "Where your ballot is",
        "way_so_far": "So far",
        "way_zone": "Times are those of the election office: {zone}.",
        "way_reason": "Reason:",
        "way_accepted":
            "“Received” does not yet mean “accepted”: the office checks the signature first. If something is missing, it will write to you.",
        "way_issued": "Your packet was prepared.",
        "way_letter_queued": "The e-mail with your link is about to be sent.",
        "way_letter_sent": "The e-mail with your link was handed to the mail service.",
        "way_letter_deferred": "The e-mail could not be handed over yet. It will be tried again.",
        "way_letter_refused": "The e-mail was refused. The office has been told.",
        "way_letter_bounced": "The e-mail came back. The office has been told.",
        "way_link_replaced": "The office made a new link for you.",
        "way_claimed": "Your link was opened with the right answer.",
        "way_delivered": "Your packet was downloaded.",
        "way_in_transit": "The post has your envelope.",
        "way_received": "The office has received your ballot.",
        "way_held": "The office is looking into a question about your ballot.",
        "way_accepted_step": "Your ballot was accepted. It will be counted.",
        "way_rejected": "Your ballot was not accepted.",
        "way_reversed": "The decision was taken back; your ballot will be looked at again.",
        "way_replaced": "This ballot was replaced by another one. Please use the newer one.",
        "way_cancelled": "This ballot was cancelled.",
        "mean_received": "It has not been accepted yet: the office still checks it.",
        "mean_held": "The office will write to you if you can help.",
        "mean_rejected": "Please contact the election office: it can tell you whether this can still be put right.",
        "mean_undelivered": "Please tell the election office an address that works.",

        "missing_title": "There is no such page",
        "missing_body": "Please check the address. Links from the e-mail are long: copy all of it.",
        "method_title": "That does not work here",
        "method_body": "This page cannot be used in that way. Please go back and try again.",
        "foreign_title": "Please use the form on our page",
        "foreign_body":
            "Your browser says that another site has sent this form. For your safety it was not accepted. Please open your link again and answer there.",
        "large_title": "That was too long",
        "large_body": "More was sent than this page can take. Please go back and try again.",
        "garbled_title": "That did not arrive whole",
        "garbled_body": "The form was cut off or changed on its way. Please go back and try again.",
        "late_title": "That took too long",
        "late_body": "The connection was too slow, and the form did not arrive. Please try again.",
        "busy_title": "Very many people are here right now",
        "busy_body": "Please wait a few seconds and try again. Your link is not used up.",
        "failed_title": "Something went wrong on our side",
        "failed_body":
            "Your ballot is safe. Please try again in a moment. If it happens again, tell the election office this number: {reference}",
        "start": "To the start page"
    ]
}
