import Mustache

/// The pages, each a Mustache template in the layout. Everything is escaped but the style sheet; the words are in ``PageTexts``.
///
/// `t` is the table of words in the page's language, `office` what the pages say about the office.
package enum PageTemplates {
    /// Every page by its name.
    package static let sources: [PageName: String] = [
        .home: home, .statement: statement, .link: link, .linkOver: linkOver, .ballot: ballot, .trackForm: trackForm, .timeline: timeline,
        .verify: verify, .message: message
    ]

    /// What stands above a form that has to be filled in again, in every page that has one.
    package static let alert = """
        <div class="note alert" role="alert" id="alert"><p><strong>{{head}}</strong></p>
        {{#body}}<p>{{.}}</p>
        {{/body}}</div>

        """

    private static let home = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <p>{{t.home_what}}</p>
        {{#elections}}<h2>{{name}}</h2>
        <dl>
        <div><dt>{{t.ballot_date}}</dt><dd>{{date}}</dd></div>
        <div><dt>{{closes_label}}</dt><dd>{{closes}}</dd></div>
        {{#postmark}}<div><dt>{{t.home_postmark}}</dt><dd>{{postmark}}</dd></div>
        {{/postmark}}<div><dt>{{t.home_receipt}}</dt><dd>{{receipt}}</dd></div>
        {{#overseas}}<div><dt>{{t.home_overseas}}</dt><dd>{{overseas}}</dd></div>
        {{/overseas}}</dl>
        <p>{{zone}}</p>
        {{/elections}}{{#closed}}<p class="note">{{t.home_closed}}</p>
        {{/closed}}{{^closed}}<h2>{{t.home_get}}</h2>
        <ol>
        <li>{{t.home_step_letter}}</li>
        <li>{{t.home_step_answer}}</li>
        <li>{{t.home_step_print}}</li>
        <li>{{t.home_step_post}}</li>
        </ol>
        <p class="note">{{t.home_lost}} <a href="/new-link{{query}}">{{t.new_link_title}}</a></p>
        {{/closed}}<h2>{{t.home_where}}</h2>
        <p>{{t.home_track}}</p>
        <p><a class="button quiet" href="/t{{query}}">{{t.track_title}}</a></p>
        <h2>{{t.home_genuine}}</h2>
        <p>{{genuine}}</p>
        <p>{{t.home_genuine_never}}</p>
        {{#certificate}}<h2>{{t.ballot_check}}</h2>
        <p>{{t.home_signed}}</p>
        <p><a class="button quiet" href="/verify{{query}}">{{t.verify_title}}</a></p>
        <p><a href="/office-ca.pem" download>{{t.home_certificate}}</a></p>
        {{/certificate}}{{/main}}{{/layout}}
        """

    private static let statement = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{#parts}}{{#head}}<h2>{{head}}</h2>
        {{/head}}{{#body}}<p>{{.}}</p>
        {{/body}}{{/parts}}<p><a class="button quiet" href="/{{query}}">{{t.start}}</a></p>
        {{/main}}{{/layout}}
        """

    /// Without an `action` the form goes to the page's own address: so the bytes are the same for every token.
    private static let link = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{#alert}}{{>alert}}{{/alert}}<p>{{t.link_why}}</p>
        <form method="post" autocomplete="off">
        <label for="answer">{{label}}</label>
        <span class="hint" id="hint">{{hint}}</span>
        <input id="answer" name="answer" type="text" maxlength="60" required autocapitalize="off" spellcheck="false" autocomplete="off" \
        aria-describedby="{{#alert}}alert {{/alert}}hint"{{#alert}} aria-invalid="true"{{/alert}}>
        <button type="submit">{{t.link_open}}</button>
        </form>
        <p>{{t.link_once}}</p>
        {{/main}}{{/layout}}
        """

    private static let linkOver = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{#body}}<p>{{.}}</p>
        {{/body}}{{#go_on}}<p><a class="button" href="/ballot{{query}}">{{t.over_go_on}}</a></p>
        {{/go_on}}{{#tail}}<p>{{tail}}</p>
        {{/tail}}{{#ticket}}<h2>{{t.over_new}}</h2>
        <p>{{t.over_new_what}}</p>
        <form method="post"><input type="hidden" name="wish" value="{{ticket}}">\
        <button class="quiet" type="submit">{{t.over_new_send}}</button></form>
        {{/ticket}}{{/main}}{{/layout}}
        """

    private static let ballot = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <dl>
        <div><dt>{{t.ballot_election}}</dt><dd>{{election}}</dd></div>
        <div><dt>{{t.ballot_date}}</dt><dd>{{date}}</dd></div>
        {{#postmark}}<div><dt>{{t.home_postmark}}</dt><dd>{{postmark}}</dd></div>
        {{/postmark}}<div><dt>{{t.home_receipt}}</dt><dd>{{receipt}}</dd></div>
        {{#overseas}}<div><dt>{{t.home_overseas}}</dt><dd>{{overseas}}</dd></div>
        {{/overseas}}<div><dt>{{t.ballot_style}}</dt><dd>{{style_name}}</dd></div>
        <div><dt>{{t.ballot_language}}</dt><dd>{{language}}</dd></div>
        </dl>
        <p><a class="button" href="{{pdf}}" download>{{t.ballot_pdf}} <span class="size">({{pdf_size}})</span></a></p>
        <p>{{again}}</p>
        <h2>{{t.ballot_next}}</h2>
        <ol>
        <li>{{t.ballot_step_print}}</li>
        <li>{{t.ballot_step_mark}}</li>
        <li>{{t.ballot_step_sign}}</li>
        <li>{{#secrecy}}{{t.ballot_step_secrecy}}{{/secrecy}}{{^secrecy}}{{t.ballot_step_envelope}}{{/secrecy}}</li>
        <li><strong>{{post_by}}</strong></li>
        </ol>
        <p class="note">{{return_notice}}</p>
        <h2>{{t.ballot_print}}</h2>
        <p>{{t.ballot_print_how}}</p>
        <p>{{t.ballot_print_where}}</p>
        <h2>{{t.ballot_inside}}</h2>
        <ul>
        {{#parts}}<li>{{.}}</li>
        {{/parts}}        </ul>
        <h2>{{t.ballot_follow}}</h2>
        <p>{{t.ballot_code}}<br><span class="code">{{code}}</span></p>
        <p><a class="button quiet" href="/t/{{code}}{{query}}">{{t.track_title}}</a></p>
        <h2>{{t.ballot_check}}</h2>
        <p>{{t.ballot_zip_what}}</p>
        <p><a class="button quiet" href="{{zip}}" download>{{t.ballot_zip}} <span class="size">({{zip_size}})</span></a></p>
        <h2>{{t.ballot_done}}</h2>
        <p>{{t.ballot_end_what}}</p>
        <form method="post" action="/ballot/end{{query}}"><button class="quiet" type="submit">{{t.ballot_end}}</button></form>
        {{/main}}{{/layout}}
        """

    private static let trackForm = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{#alert}}{{>alert}}{{/alert}}<p>{{t.track_what}}</p>
        <form method="post" action="/t{{query}}" autocomplete="off">
        <label for="code">{{t.track_label}}</label>
        <span class="hint" id="hint">{{t.track_hint}}</span>
        <input id="code" name="code" type="text" maxlength="80" required autocapitalize="characters" spellcheck="false" autocomplete="off" \
        aria-describedby="{{#alert}}alert {{/alert}}hint"{{#alert}} aria-invalid="true"{{/alert}}>
        <button type="submit">{{t.track_show}}</button>
        </form>
        {{/main}}{{/layout}}
        """

    private static let timeline = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <p>{{election}}, {{date}}</p>
        <div class="note{{#bad}} alert{{/bad}}" role="status"><p><strong>{{now}}</strong></p>
        {{#meaning}}<p>{{meaning}}</p>
        {{/meaning}}</div>
        <h2>{{t.way_so_far}}</h2>
        <ol class="way{{#bad}} bad{{/bad}}">
        {{#steps}}<li><time datetime="{{moment}}">{{when}}</time>{{what}}{{#reason}}<br>{{t.way_reason}} <bdi{{#reason_language}} lang="{{reason_language}}"{{/reason_language}}>{{reason}}</bdi>{{/reason}}</li>
        {{/steps}}</ol>
        <p>{{zone}}</p>
        {{#caution}}<p>{{caution}}</p>
        {{/caution}}{{/main}}{{/layout}}
        """

    /// The part with the file field shows itself where the script runs.
    private static let verify = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{#found}}<div class="note" role="status"><p><strong>{{head}}</strong></p>
        {{#body}}<p>{{.}}</p>
        {{/body}}</div>
        {{/found}}{{#alert}}{{>alert}}{{/alert}}<p>{{t.verify_what}}</p>
        <div id="choose" hidden>
        <label for="file">{{t.verify_file}}</label>
        <span class="hint" id="filehint">{{t.verify_file_hint}}</span>
        <input id="file" type="file" accept=".pdf,application/pdf" aria-describedby="filehint">
        <p id="state" role="status" data-busy="{{t.verify_busy}}" data-zip="{{t.verify_zip}}" data-failed="{{t.verify_failed}}"></p>
        </div>
        <form method="post" action="/verify{{query}}" autocomplete="off">
        <label for="sha256">{{t.verify_label}}</label>
        <span class="hint" id="hint">{{t.verify_hint}}</span>
        <input id="sha256" name="sha256" type="text" maxlength="200" required autocapitalize="off" spellcheck="false" autocomplete="off" \
        aria-describedby="{{#alert}}alert {{/alert}}hint"{{#alert}} aria-invalid="true"{{/alert}}>
        <button type="submit">{{t.verify_ask}}</button>
        </form>
        <h2>{{t.verify_how}}</h2>
        <dl>
        <div><dt>Windows</dt><dd class="code">certutil -hashfile packet.pdf SHA256</dd></div>
        <div><dt>macOS</dt><dd class="code">shasum -a 256 packet.pdf</dd></div>
        <div><dt>Linux</dt><dd class="code">sha256sum packet.pdf</dd></div>
        </dl>
        <script>{{{script}}}</script>
        {{/main}}{{/layout}}
        """

    private static let message = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{#body}}<p>{{.}}</p>
        {{/body}}{{#onward}}<p><a class="button quiet" href="{{address}}{{query}}">{{words}}</a></p>
        {{/onward}}{{/main}}{{/layout}}
        """
}

/// The names of the pages.
package enum PageName: String, CaseIterable {
    case home, statement, link, linkOver, ballot, trackForm, timeline, verify, message
}
