/// The desk's pages, each a Mustache template in the layout. Everything is escaped but the charts, which are drawn from numbers.
enum StaffTemplates {
    static let layout = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{{#sample}}SAMPLE: {{/sample}}{{title}} – Ballot desk</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/desk.css">
        {{#script}}<script src="/desk.js" defer></script>
        {{/script}}</head>
        <body>
        <a class="skip" href="#main">Skip to the content</a>
        {{#sample}}<aside class="sample" aria-label="SAMPLE"><strong>SAMPLE</strong> A test office: nothing here is a real ballot.</aside>
        {{/sample}}{{#login}}<header>
        <nav aria-label="Desk"><ul>
        {{#nav}}<li><a href="{{address}}"{{#current}} aria-current="page"{{/current}}>{{words}}</a></li>
        {{/nav}}</ul></nav>
        <form class="find" role="search" method="post" action="/search"><input type="hidden" name="form" value="{{form}}">\
        <input name="q" type="search" maxlength="200" aria-label="Find a voter: number, name, e-mail or code" placeholder="Number, name, e-mail or code" value="{{q}}" autocomplete="off" spellcheck="false"><button>Find</button></form>
        <form class="who" method="post" action="/signout"><input type="hidden" name="form" value="{{form}}"><span>{{login}}, {{role}}</span><button class="quiet">Sign out</button></form>
        </header>
        {{/login}}<main id="main">
        {{#alert}}<div class="note alert" role="alert" id="alert"><p><strong>{{head}}</strong></p>{{#hint}}<p>{{hint}}</p>{{/hint}}</div>
        {{/alert}}{{#done}}<div class="note good" role="status"><p>{{done}}</p></div>
        {{/done}}{{$main}}{{/main}}
        </main>
        </body>
        </html>

        """

    /// Every page by its name.
    static let pages: [StaffPage: String] = [
        .signIn: signIn, .enrol: enrol, .recovery: recovery, .start: start, .election: election, .voters: voters, .search: search,
        .voter: voter, .returns: returns, .decisions: decisions, .approvals: approvals, .exceptions: exceptions, .staff: staff,
        .message: message
    ]

    private static let signIn = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <form class="tall" method="post" action="/signin">
        <label for="login">Name of the account</label>
        <input id="login" name="login" maxlength="40" required autocapitalize="off" spellcheck="false" autocomplete="username" value="{{typed}}" autofocus>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" maxlength="200" required autocomplete="current-password">
        <label for="code">Code</label>
        <span class="hint" id="code-hint">Six digits from your authenticator, or one of your recovery codes. Leave it empty the first time.</span>
        <input id="code" name="code" maxlength="20" autocomplete="one-time-code" autocapitalize="off" spellcheck="false" aria-describedby="code-hint">
        <button>Sign in</button>
        </form>
        {{/main}}{{/layout}}
        """

    private static let enrol = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <p>Welcome, {{newcomer}}. Two things, once: an authenticator on your telephone, and a password that only you know.</p>
        <h2>1. The authenticator</h2>
        <p>Open an authenticator app (any that shows six digits) and read this code with its camera.</p>
        <p>{{{qr}}}</p>
        <p>No camera? Type this into the app: <span class="code free">{{secret}}</span></p>
        <h2>2. The password</h2>
        <form class="tall" method="post" action="/enrol" autocomplete="off"><input type="hidden" name="form" value="{{form}}">
        <label for="password">Your own password</label>
        <span class="hint" id="password-hint">At least {{shortest}} characters. Four words that have nothing to do with each other are good.</span>
        <input id="password" name="password" type="password" maxlength="200" required autocomplete="new-password" aria-describedby="password-hint">
        <label for="again">The same once more</label>
        <input id="again" name="again" type="password" maxlength="200" required autocomplete="new-password">
        <label for="code">The six digits that the app shows now</label>
        <input id="code" name="code" maxlength="10" required inputmode="numeric" autocomplete="one-time-code">
        <button>Set up</button>
        </form>
        {{/main}}{{/layout}}
        """

    private static let recovery = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <p>If you lose your telephone, each of these codes lets you in once, in place of the six digits. Print this page or write them down, \
        and keep them where you keep keys. They are not shown again.</p>
        <ol>{{#codes}}<li class="code">{{.}}</li>{{/codes}}</ol>
        <p><a href="/">To the desk</a></p>
        {{/main}}{{/layout}}
        """

    private static let start = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{^elections}}<p>There is no election yet. An administrator imports one with <span class="code">uocava election import</span>.</p>
        {{/elections}}{{#elections}}<h2><a href="{{address}}">{{name}}, {{date}}</a></h2>
        <p>{{place}}. {{deadlines}}</p>
        <ul class="cards">{{#cards}}<li>{{#address}}<a href="{{address}}">{{words}}</a>{{/address}}{{^address}}{{words}}{{/address}}<strong>{{count}}</strong></li>{{/cards}}</ul>
        {{/elections}}{{/main}}{{/layout}}
        """

    private static let election = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <p>{{place}}</p>
        <dl>{{#dates}}<dt>{{words}}</dt><dd>{{value}}</dd>{{/dates}}</dl>
        <ul class="cards">{{#cards}}<li>{{#address}}<a href="{{address}}">{{words}}</a>{{/address}}{{^address}}{{words}}{{/address}}<strong>{{count}}</strong></li>{{/cards}}</ul>
        <h2>How far the ballots came</h2>
        {{{funnel}}}
        <table><caption>How far the ballots came</caption><thead><tr><th scope="col">Step</th><th scope="col" class="n">Ballots</th></tr></thead><tbody>
        {{#steps}}<tr><th scope="row">{{words}}</th><td class="n">{{count}}</td></tr>
        {{/steps}}</tbody></table>
        <h2>Where each ballot stands</h2>
        <table><caption>Ballots by where they stand</caption><thead><tr><th scope="col">Standing</th><th scope="col" class="n">Ballots</th></tr></thead><tbody>
        {{#statuses}}<tr><th scope="row"><a href="{{address}}">{{words}}</a></th><td class="n">{{count}}</td></tr>
        {{/statuses}}</tbody></table>
        {{#exceptions.first}}<h2>What somebody must look at</h2>
        <table><caption>Open exceptions</caption><thead><tr><th scope="col">Kind</th><th scope="col" class="n">Open</th></tr></thead><tbody>
        {{/exceptions.first}}{{#exceptions.rows}}<tr><th scope="row"><a href="{{address}}">{{words}}</a></th><td class="n">{{count}}</td></tr>
        {{/exceptions.rows}}{{#exceptions.first}}</tbody></table>
        {{/exceptions.first}}{{#chart}}<h2>Issued and returned by day</h2>
        <p class="key"><span></span>issued <span class="two"></span>returned</p>
        {{{chart}}}
        <details><summary>The numbers</summary>
        <table><caption>Issued and returned by day</caption><thead><tr><th scope="col">Day</th><th scope="col" class="n">Issued</th><th scope="col" class="n">Returned</th></tr></thead><tbody>
        {{#days}}<tr><th scope="row">{{day}}</th><td class="n">{{issued}}</td><td class="n">{{returned}}</td></tr>
        {{/days}}</tbody></table></details>
        {{/chart}}{{/main}}{{/layout}}
        """

    private static let rows = """
        <div class="scroll" role="group" tabindex="0" aria-label="Table; it may scroll sideways"><table><thead><tr><th scope="col">Name</th><th scope="col">Voter number</th>{{#wide}}<th scope="col">Election</th>{{/wide}}<th scope="col">Ballot</th></tr></thead><tbody>
        {{#voters}}<tr><td><a href="{{address}}">{{name}}</a></td><td>{{number}}</td>{{#wide}}<td>{{election}}</td>{{/wide}}<td>{{status}}</td></tr>
        {{/voters}}</tbody></table></div>

        """

    private static let voters = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <p><a href="{{back}}">{{back_words}}</a></p>
        {{#some}}\(rows){{/some}}{{^some}}<p>Nobody.</p>
        {{/some}}{{#next}}<p><a href="{{next}}">The next voters</a></p>
        {{/next}}{{/main}}{{/layout}}
        """

    private static let search = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{#some}}<p>{{found}}</p>
        \(rows){{/some}}{{^some}}<p>{{none}}</p>
        {{/some}}<p class="hint">Find by voter number, the beginning of the family name (<em>garc</em>), both names (<em>garcia, ma</em> or <em>maria garcia</em>), e-mail address, return code (R-…) or tracking code (T-…).</p>
        {{/main}}{{/layout}}
        """

    private static let voter = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <p>Voter number {{number}} · <a href="{{election_address}}">{{election}}</a></p>
        {{#veiled}}<p class="note alert">The address of this voter is protected. A supervisor can see it.</p>
        {{/veiled}}<div class="note"><p><strong>{{standing}}</strong>{{#since}} since {{since}}{{/since}}</p>{{#without}}<p>{{without}}</p>{{/without}}</div>
        {{#exceptions}}<div class="note alert"><p><strong>{{kind}}</strong>, since {{since}}</p><p>{{detail}}</p></div>
        {{/exceptions}}<h2>Request</h2>
        <dl>{{#request}}<dt>{{words}}</dt><dd>{{value}}</dd>{{/request}}</dl>
        {{#ballots.first}}<h2>Ballots</h2>
        <div class="scroll" role="group" tabindex="0" aria-label="Table; it may scroll sideways"><table><thead><tr><th scope="col">Ballot style</th><th scope="col">Stands at</th><th scope="col">Return code</th><th scope="col">Issued</th></tr></thead><tbody>
        {{/ballots.first}}{{#ballots.rows}}<tr><td>{{style}}</td><td>{{status}}</td><td class="code">{{code}}</td><td>{{issued}}</td></tr>
        {{/ballots.rows}}{{#ballots.first}}</tbody></table></div>
        {{/ballots.first}}{{#pieces.first}}<h2>Envelopes</h2>
        <div class="scroll" role="group" tabindex="0" aria-label="Table; it may scroll sideways"><table><thead><tr><th scope="col">Came</th><th scope="col">What</th><th scope="col">Decision</th></tr></thead><tbody>
        {{/pieces.first}}{{#pieces.rows}}<tr><td>{{came}}</td><td>{{kind}}</td><td>{{decision}}{{#reverse}}
        <form class="tall" method="post" action="{{reverse}}"><input type="hidden" name="form" value="{{form}}"><label for="reverse-{{piece}}">Take the decision back, because</label>
        <input id="reverse-{{piece}}" name="reason" maxlength="500" required><button class="quiet">Take back</button></form>{{/reverse}}</td></tr>
        {{/pieces.rows}}{{#pieces.first}}</tbody></table></div>
        {{/pieces.first}}{{#letters.first}}<h2>Letters</h2>
        <div class="scroll" role="group" tabindex="0" aria-label="Table; it may scroll sideways"><table><thead><tr><th scope="col">Letter</th><th scope="col">State</th><th scope="col">When</th><th scope="col">What came back</th></tr></thead><tbody>
        {{/letters.first}}{{#letters.rows}}<tr><td>{{kind}}</td><td>{{state}}</td><td>{{when}}</td><td>{{back}}</td></tr>
        {{/letters.rows}}{{#letters.first}}</tbody></table></div>
        {{/letters.first}}{{#handles}}{{#can_link}}<h2>A new link</h2>
        <form class="tall" method="post" action="{{here}}/new-link"><input type="hidden" name="form" value="{{form}}">
        <p>The old link opens nothing from then on, and a letter with the new one goes to the address on the roll.</p>
        <label for="reason">Why</label>
        <input id="reason" name="reason" maxlength="500" required>
        <button>Make a new link</button></form>
        {{/can_link}}{{#replacement}}<h2>Another ballot</h2>
        <form method="post" action="{{here}}/withdraw"><input type="hidden" name="form" value="{{form}}">
        <p>The next run of <code>uocava issue</code> makes it. {{replacement}}</p>
        <button class="quiet">Take it back</button></form>
        {{/replacement}}{{#can_replace}}<h2>Another ballot</h2>
        <form class="tall" method="post" action="{{here}}/replace"><input type="hidden" name="form" value="{{form}}">
        <p>The next run of <code>uocava issue</code> makes it, from the roll and the ballot styles as they are then.{{#is_standing}} This one is good until then; afterwards its link opens nothing, and who knows of it is asked not to mail it.{{/is_standing}}</p>
        <label for="replace-reason">Why</label>
        <input id="replace-reason" name="reason" maxlength="500" required>
        <button class="quiet">Ask for another ballot</button></form>
        {{/can_replace}}{{#can_cancel}}<h2>Cancel the ballot</h2>
        <form class="tall" method="post" action="{{here}}/cancel"><input type="hidden" name="form" value="{{form}}">
        <p>From then on the link opens nothing and the envelope does not count. This cannot be taken back; the voter gets another ballot only if somebody asks for one.</p>
        <label for="cancel-reason">Why</label>
        <input id="cancel-reason" name="reason" maxlength="500" required>
        <button class="quiet">Cancel the ballot</button></form>
        {{/can_cancel}}{{#can_release}}<h2>Release the ballot</h2>
        <form method="post" action="{{here}}/release"><input type="hidden" name="form" value="{{form}}">
        <p>The voter is protected. Once released, the next run of <code>uocava issue</code> makes the ballot and sends a letter to the address on the roll.</p>
        <button class="quiet">Release the ballot</button></form>
        {{/can_release}}<h2>An envelope without a code</h2>
        <form method="post" action="{{here}}/receive"><input type="hidden" name="form" value="{{form}}">
        <p>Scan the code if there is one. Otherwise say what is in the envelope of this voter:</p>
        <button class="quiet" name="kind" value="ballot">The ballot</button> <button class="quiet" name="kind" value="fwab">A write-in ballot (FWAB)</button></form>
        <h2>Write a note</h2>
        <form class="tall" method="post" action="{{here}}/note"><input type="hidden" name="form" value="{{form}}">
        <label for="note">What others should know when the voter calls again</label>
        <textarea id="note" name="note" rows="3" maxlength="500" required></textarea>
        <button class="quiet">Keep the note</button></form>
        {{/handles}}<h2>What happened</h2>
        {{#history.first}}<div class="scroll" role="group" tabindex="0" aria-label="Table; it may scroll sideways"><table><thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Who</th></tr></thead><tbody>
        {{/history.first}}{{#history.rows}}<tr><td>{{at}}</td><td>{{what}}{{#words}}: {{words}}{{/words}}</td><td>{{by}}</td></tr>
        {{/history.rows}}{{#history.first}}</tbody></table></div>
        {{/history.first}}{{^history.first}}<p>Nothing yet.</p>
        {{/history.first}}{{#elsewhere.first}}<h2>In other elections</h2>
        <ul>{{/elsewhere.first}}{{#elsewhere.rows}}<li><a href="{{address}}">{{election}}</a>: {{status}}</li>{{/elsewhere.rows}}{{#elsewhere.first}}</ul>
        {{/elsewhere.first}}{{/main}}{{/layout}}
        """

    private static let returns = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{#handles}}<form id="scan" class="scan" method="post" action="/returns" autocomplete="off"><input type="hidden" name="form" value="{{form}}">
        <label for="code">Scan the barcode on the envelope, or type the code under it</label>
        <input id="code" name="code" maxlength="60" required autofocus autocapitalize="characters" spellcheck="false" autocomplete="off">
        <button>Write it down</button>
        </form>
        <div id="said" class="note result {{shade}}" role="status"{{#result}} data-result="{{result}}"{{/result}}>{{#said}}<p>{{.}}</p>{{/said}}</div>
        <p id="sum">{{today}}</p>
        <div class="scroll" role="group" tabindex="0" aria-label="Table; it may scroll sideways"><table><caption>Scanned here</caption><thead><tr><th scope="col">Came</th><th scope="col">Code</th><th scope="col">Result</th><th scope="col">Voter number</th></tr></thead><tbody id="scans">
        {{#scans}}<tr><td>{{came}}</td><td class="code">{{code}}</td><td>{{result}}</td><td>{{voter}}</td></tr>
        {{/scans}}</tbody></table></div>
        <p><a href="/decisions">Decide about what came back</a></p>
        {{/handles}}{{^handles}}<p>{{today}}</p><p><a href="/decisions">What came back and is not decided</a></p>
        {{/handles}}{{/main}}{{/layout}}
        """

    private static let decisions = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{^waiting}}<p>Nothing waits for a decision.</p>
        {{/waiting}}{{#waiting}}<section><h2><a href="{{address}}">{{name}}</a></h2>
        <p>{{what}} of voter {{number}}; it came {{came}}{{#code}}, return code <span class="code">{{code}}</span>{{/code}}{{#held}}, <strong>on hold</strong>{{/held}}.</p>
        {{#postmark}}<p>It must have been posted by {{postmark}}: look at the postmark, or the date beside the signature.</p>
        {{/postmark}}{{#bar}}<p class="note alert">{{bar}}</p>
        {{/bar}}{{#handles}}<form method="post" action="/decisions/{{piece}}"><input type="hidden" name="form" value="{{form}}">
        {{^bar}}<button name="decision" value="accept">Accept</button>
        {{/bar}}        {{^held}}<button class="quiet" name="decision" value="hold">Hold</button>
        {{/held}}<label for="reason-{{piece}}">Or reject, because of</label>
        <select id="reason-{{piece}}" name="reason"><option value="">choose a reason</option>{{#reasons}}<option value="{{word}}">{{words}}</option>{{/reasons}}</select>
        <input name="words" maxlength="200" aria-label="Other reason, in words" placeholder="other reason, in words">
        <button class="quiet" name="decision" value="reject">Reject</button></form>
        {{/handles}}</section>
        {{/waiting}}{{#more}}<p>{{more}}</p>
        {{/more}}{{/main}}{{/layout}}
        """

    private static let approvals = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{^waiting}}<p>Nothing waits for a second person.</p>
        {{/waiting}}{{#waiting}}<section><h2>{{#address}}<a href="{{address}}">{{name}}</a>{{/address}}{{^address}}{{name}}{{/address}}</h2>
        <p>{{what}}. {{by}} asked for it, {{at}}: {{reason}}</p>
        {{#own}}<p class="note">You asked for this: somebody else must approve it.</p>
        {{/own}}{{#approves}}<form method="post" action="/approvals/{{id}}/approve"><input type="hidden" name="form" value="{{form}}"><button>Approve</button></form>
        {{/approves}}{{#refuses}}<form method="post" action="/approvals/{{id}}/refuse"><input type="hidden" name="form" value="{{form}}"><button class="quiet">{{no}}</button></form>
        {{/refuses}}</section>
        {{/waiting}}{{/main}}{{/layout}}
        """

    private static let exceptions = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <p><a href="/exceptions.csv">As a file for a spreadsheet</a></p>
        {{#lines.first}}<div class="scroll" role="group" tabindex="0" aria-label="Table; it may scroll sideways"><table><thead><tr><th scope="col">Since</th><th scope="col">What</th><th scope="col">Voter number</th><th scope="col">Election</th><th scope="col">Detail</th></tr></thead><tbody>
        {{/lines.first}}{{#lines.rows}}<tr><td>{{since}}</td><td>{{kind}}</td><td>{{#address}}<a href="{{address}}">{{number}}</a>{{/address}}{{^address}}{{number}}{{/address}}</td><td>{{election}}</td><td>{{detail}}</td></tr>
        {{/lines.rows}}{{#lines.first}}</tbody></table></div>
        {{/lines.first}}{{^lines.first}}<p>Nothing is open.</p>
        {{/lines.first}}{{#more}}<p>{{more}}</p>
        {{/more}}{{/main}}{{/layout}}
        """

    private static let staff = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        <div class="scroll" role="group" tabindex="0" aria-label="Table; it may scroll sideways"><table><thead><tr><th scope="col">Account</th><th scope="col">Role</th><th scope="col">Jurisdictions</th><th scope="col">State</th></tr></thead><tbody>
        {{#members}}<tr><td>{{name}}</td><td>{{position}}</td><td>{{places}}</td><td>{{state}}</td></tr>
        {{/members}}</tbody></table></div>
        <p class="hint">Accounts are made, begun anew and disabled where the office's keys are: <span class="code">uocava staff --help</span></p>
        {{/main}}{{/layout}}
        """

    private static let message = """
        {{<layout}}{{$main}}<h1>{{title}}</h1>
        {{#body}}<p>{{.}}</p>
        {{/body}}<p><a href="/">To the start</a></p>
        {{/main}}{{/layout}}
        """
}

/// The desk's pages.
enum StaffPage: String, Sendable, CaseIterable {
    case signIn, enrol, recovery, start, election, voters, search, voter, returns, decisions, approvals, exceptions, staff, message
}
