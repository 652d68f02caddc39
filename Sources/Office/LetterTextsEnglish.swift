import Elections

extension LetterTexts {
    /// The letters in English. Plain words, short sentences, no blame.
    static let english = LetterTexts(
        templates: [
            .ballotReady: """
            Subject: Your ballot for the {{election}} is ready

            Dear {{voter}},

            Your ballot for the {{election}} on {{date}} ({{jurisdiction}}) is ready. To download it, please open this page:

            {{link}}

            \(question)

            \(rules)

            \(steps)

            \(postDay)

            {{return_notice}}

            \(help)

            {{contact}}
            """,
            .reminder: """
            Subject: Your ballot for the {{election}} is waiting for you

            Dear {{voter}},

            Your ballot for the {{election}} on {{date}} ({{jurisdiction}}) is ready, but it has not been opened yet. To download it, \
            please open this page:

            {{link}}

            \(question)

            \(rules)

            \(steps)

            \(postDay)

            {{return_notice}}

            \(help)

            {{contact}}
            """,
            .reminderPost: """
            Subject: Please mail your ballot for the {{election}} soon

            Dear {{voter}},

            Your ballot for the {{election}} on {{date}} ({{jurisdiction}}) is ready, but it has not been opened yet. Mail takes \
            time.

            \(postDay)

            To download your ballot, please open this page:

            {{link}}

            \(question)

            \(rules)

            \(steps)

            {{return_notice}}

            \(help)

            {{contact}}
            """,
            .newLink: """
            Subject: A new link to your ballot for the {{election}}

            Dear {{voter}},

            Here is a new link to your ballot for the {{election}} on {{date}} ({{jurisdiction}}). Older links no longer work. To \
            download your ballot, please open this page:

            {{link}}

            \(question)

            \(rules)

            \(steps)

            \(postDay)

            {{return_notice}}

            \(help)

            {{contact}}
            """,
            .received: """
            Subject: Your ballot for the {{election}} has arrived

            Dear {{voter}},

            Thank you. The envelope with your ballot for the {{election}} on {{date}} ({{jurisdiction}}) has reached us.

            Next, we check the declaration that came with it. You need not do anything now. This page shows what happens with your ballot:

            {{link}}

            If you have a question, please ask us:

            {{contact}}
            """,
            .accepted: """
            Subject: Your ballot for the {{election}} was accepted

            Dear {{voter}},

            Good news: we have accepted your ballot for the {{election}} on {{date}} ({{jurisdiction}}). You need not do anything more. \
            Thank you for voting.

            This page shows the steps that your ballot has taken:

            {{link}}

            If you have a question, please ask us:

            {{contact}}
            """,
            .rejected: """
            Subject: Important news about your ballot for the {{election}}

            Dear {{voter}},

            Your ballot for the {{election}} on {{date}} ({{jurisdiction}}) has reached us, but we could not accept it. We are sorry. \
            This is why:

            {{reason}}.

            {{cure}}

            This page shows where your ballot stands:

            {{link}}

            This is how to reach us:

            {{contact}}
            """,
            .replaced: """
            Subject: Please do not use your earlier ballot for the {{election}}

            Dear {{voter}},

            We have made a new ballot for you for the {{election}} on {{date}} ({{jurisdiction}}). It takes the place of the one that we \
            sent you before. A letter with the link to the new ballot comes separately.

            Please do not mail the earlier ballot. If you have printed it, destroy it. If you have mailed it already, please tell us, and \
            mail the new one as well: at most one of them is counted.

            This page shows where the earlier ballot stands:

            {{link}}

            If you have a question, please ask us:

            {{contact}}
            """,
            .cancelled: """
            Subject: Your ballot for the {{election}} was cancelled

            Dear {{voter}},

            We have cancelled your ballot for the {{election}} on {{date}} ({{jurisdiction}}). The link that we sent you no longer opens \
            it, and if you mail the ballot, it is not counted.

            If you asked for this, you need not do anything. If you did not, or if you still want to vote, please ask us now. There may be \
            time for another ballot:

            {{contact}}

            This page shows where the ballot stands:

            {{link}}
            """,
            .addressChanged: """
            Subject: Your letters from the election office no longer come to this address

            Dear {{voter}},

            The e-mail address that we have for you was changed, or taken out of our records. From now on, our letters about your ballot no \
            longer come to this one.

            If you asked for this, you need not do anything.

            If you did not ask for it, please call us right away:

            {{contact}}

            You can read about voting from far away on our site:

            {{link}}
            """
        ],
        samplePrefix: "SAMPLE: ",
        sample: "SAMPLE. This letter is a test. No election is being held.",
        nameless: "voter",
        labels: ("E-mail", "Telephone", "Fax"),
        reason: { reason in
            switch reason {
            case .mismatchVoterSignature: "The signature on the declaration does not match the one in our records"
            case .missingVoterSignature: "The declaration is not signed"
            case .notTimely: "Your ballot arrived after the deadline"
            case .postmark: "The postmark is missing, or it is later than the law allows"
            case .voterDied: "Our records say that the voter with this name has died"
            case .voterMoved: "Our records say that you have moved to another jurisdiction"
            case .voterUnregistered: "Your name is not on the list of registered voters"
            case .other(let words): words
            case nil: "Our election office can tell you the reason"
            }
        },
        cure: { reason, day in
            switch reason {
            case .mismatchVoterSignature, .missingVoterSignature:
                """
                You may still be able to put this right. Please call or write to us now, before \(day) if you can. We will tell you what \
                the law \
                allows and what you need to do.
                """
            case .notTimely:
                """
                A ballot that comes too late cannot be counted. We know that mail from far away can be slow, and that this may not be in \
                your hands.

                Please help your next ballot to come in time: send a new Federal Post Card Application (FPCA) every January, and each \
                time you move. \
                Then we can write to you as early as possible. If you think that we have made a mistake, please tell us.
                """
            case .postmark:
                """
                By law, such a ballot cannot be counted. We know that postmarks are not always set as they should be. If you can \
                tell us when and where you mailed it, please call or write to us now.

                For your next ballot, please send a new Federal Post Card Application (FPCA) every January, and each time you move. Then \
                we can write \
                to you as early as possible.
                """
            case .voterMoved:
                """
                If that is wrong, please call or write to us now. If you did move your home to another place in the United States, the \
                election office \
                there can tell you how to vote.
                """
            case .voterUnregistered:
                """
                If you think that this is wrong, please call or write to us now. We can also tell you how to register. The Federal Post \
                Card \
                Application (FPCA) is one form for both: it registers you, and it asks for your ballots.
                """
            case .voterDied: "If you are reading this, our records may be wrong, and we are sorry. Please call us right away."
            case .other, nil: "Please call or write to us soon. We will tell you whether it can still be put right, and how."
            }
        })

    private static let question = """
        {{#asks_birthday}}The page asks for your date of birth, so that nobody else can open your ballot.{{/asks_birthday}}\
        {{#asks_id}}The page asks for the last four characters of your voter number, so that nobody else can open your ballot.{{/asks_id}}\
        {{#word}}The page asks for a word. Yours is: {{word}}{{/word}}
        """

    private static let rules = """
        The link works until {{closes}}. Once you have opened your ballot, you can download it for 24 hours in the same browser. Please \
        do not \
        forward this letter: the link is for you alone.
        """

    private static let steps = """
        Then:

        1. Print the packet and mark your ballot.
        2. Sign and date the declaration.
        3. Put both into an envelope. The packet has one that you can print.
        4. Mail it as early as you can.
        """

    private static let postDay = """
        {{#post_by}}{{^past_post_by}}Please mail your ballot by {{post_by}}. Earlier is better.{{/past_post_by}}{{#past_post_by}}From \
        where you are, \
        ballots should be in the mail by {{post_by}} to reach us in time. That day is over, but yours may still arrive. Please mail it \
        today. Please \
        also ask us what else can help: a courier service, the mail pouch of a U.S. embassy or consulate, or the Federal Write-In \
        Absentee Ballot \
        (FWAB).{{/past_post_by}}{{/post_by}}
        """

    private static let help =
        "If the link does not work, or if you would rather have your ballot another way, please ask us. We are glad to help:"
}
