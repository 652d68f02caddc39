import Mustache

/// The frame around every page: one column, readable on a telephone, in the reader's light or dark colours, without a script or an image.
package enum PageLayout {
    /// The layout; each page fills its block `main`.
    package static let template = """
        <!DOCTYPE html>
        <html lang="{{lang}}" dir="{{dir}}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex, nofollow">
        <meta name="color-scheme" content="light dark">
        <meta name="format-detection" content="telephone=no">
        <title>{{#sample}}SAMPLE: {{/sample}}{{title}} – {{office.name}}</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml">
        <style>{{{style}}}</style>
        </head>
        <body>
        <a class="skip" href="#main">{{t.skip}}</a>
        {{#sample}}<aside class="sample" aria-label="SAMPLE"><strong>SAMPLE</strong> {{t.sample}}</aside>
        {{/sample}}<header><p><strong><bdi>{{office.name}}</bdi></strong>{{#office.place}}<br><bdi>{{office.place}}</bdi>{{/office.place}}</p></header>
        <main id="main">
        {{$main}}{{/main}}
        </main>
        <footer>
        {{#office.reachable}}<h2>{{t.contact}}</h2>
        <ul class="plain">
        {{#office.email}}<li>{{t.email}}: <a href="mailto:{{office.email}}"><bdi dir="ltr">{{#office.email_parts}}{{.}}<wbr>{{/office.email_parts}}</bdi></a></li>
        {{/office.email}}{{#office.phone}}<li>{{t.phone}}: <a href="tel:{{office.dial}}"><bdi dir="ltr">{{office.phone}}</bdi></a></li>
        {{/office.phone}}{{#office.fax}}<li>{{t.fax}}: <bdi dir="ltr">{{office.fax}}</bdi></li>
        {{/office.fax}}{{#office.address}}<li>{{t.post}}: <bdi>{{office.address}}</bdi></li>
        {{/office.address}}</ul>
        {{/office.reachable}}{{#languages}}<p><a href="?lang={{tag}}" lang="{{tag}}" hreflang="{{tag}}" dir="{{dir}}">{{name}}</a></p>
        {{/languages}}<p><a href="/accessibility{{query}}">{{t.accessibility_title}}</a><br>
        <a href="/privacy{{query}}">{{t.privacy_title}}</a></p>
        </footer>
        </body>
        </html>

        """

    /// The one style sheet. It is inline, so that a page is one round trip over a satellite; the content security policy names its hash and
    /// allows no other.
    static let style = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#1d232a;--soft:#f2f5f8;--line:#6b7683;--faint:#d5dbe1;--blue:#0b4f8a;--on:#fff;--warn:#8a3a00;--warnbg:#fff3e6;--good:#14603a}
        @media (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e8ecf0;--soft:#1f262d;--line:#8b97a4;--faint:#36404a;--blue:#8cc4ff;--on:#0c1a29;--warn:#ffbf80;--warnbg:#33230f;--good:#86d6a8}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--paper);color:var(--ink);font:1.125rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
        header,main,footer{max-width:38rem;margin:0 auto;padding:1rem 1.25rem}
        header{padding-top:1.25rem;padding-bottom:.75rem;border-bottom:1px solid var(--faint);font-size:1rem;line-height:1.4}
        header p{margin:0}
        h1{font-size:1.75rem;line-height:1.25;margin:1rem 0 .75rem}
        h2{font-size:1.2rem;line-height:1.35;margin:2rem 0 .5rem}
        p,ul,ol,dl{margin:0 0 1rem}
        ol,ul{padding:0;padding-inline-start:1.4rem}
        li{margin:.35rem 0}
        .plain{list-style:none;padding:0}
        a{color:var(--blue);text-underline-offset:.15em}
        .plain a,footer p a{display:inline-block;padding:.25rem 0;min-height:1.9rem}
        :focus-visible{outline:3px solid var(--blue);outline-offset:3px}
        label{display:block;font-weight:600;font-size:1.2rem}
        .hint{display:block;margin:.15rem 0 .6rem;opacity:.9;font-size:1rem}
        input{width:100%;min-height:3.25rem;padding:.5rem .8rem;font:inherit;color:inherit;background:var(--paper);border:2px solid var(--line);border-radius:.5rem}
        button,.button{display:block;width:100%;min-height:3.25rem;margin:1rem 0;padding:.75rem 1.1rem;font:inherit;font-weight:600;line-height:1.4;text-align:center;text-decoration:none;color:var(--on);background:var(--blue);border:2px solid var(--blue);border-radius:.5rem;cursor:pointer}
        .quiet{color:var(--blue);background:transparent}
        .size{font-weight:400;white-space:nowrap}
        .note{padding:.9rem 1.1rem;margin:0 0 1.25rem;background:var(--soft);border-inline-start:.3rem solid var(--blue);border-radius:.3rem}
        .alert{background:var(--warnbg);border-color:var(--warn)}
        .note p:last-child{margin:0}
        dl{padding:.4rem 1.1rem;background:var(--soft);border-radius:.5rem}
        dl div{padding:.45rem 0}
        dl div+div{border-top:1px solid var(--faint)}
        dt{font-size:1rem;opacity:.9}
        dd{margin:0;font-weight:600}
        .code{direction:ltr;unicode-bidi:isolate;font:600 1.1rem/1.5 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:normal;word-break:normal}
        .way{list-style:none;padding:0;padding-inline-start:1.1rem;border-inline-start:.2rem solid var(--faint)}
        .way li{margin:0 0 1.1rem;position:relative}
        .way li::before{content:"";position:absolute;inset-inline-start:-1.65rem;top:.5rem;width:.9rem;height:.9rem;border-radius:50%;background:var(--paper);border:.2rem solid var(--line)}
        .way li:last-child::before{background:var(--good);border-color:var(--good)}
        .bad li:last-child::before{background:var(--warn);border-color:var(--warn)}
        .way time{display:block;font-size:1rem;opacity:.9}
        footer{margin-top:2rem;border-top:1px solid var(--faint);font-size:1rem;padding-bottom:2.5rem}
        footer h2{font-size:1.05rem;margin-top:.5rem}
        .sample{margin:0;padding:.6rem 1.25rem;text-align:center;background:var(--warnbg);color:var(--warn);border-bottom:2px solid var(--warn)}
        .skip{position:absolute;inset-inline-start:-99rem}
        .skip:focus{inset-inline-start:1rem;top:.5rem;padding:.5rem 1rem;background:var(--paper)}
        [dir=rtl] :is(p,li,dt,dd,h1,h2,label,.hint,aside){unicode-bidi:plaintext}
        @media print{button,.button,.skip{display:none}}
        """

    /// SHA-256 of ``style`` as the content security policy writes it; a test holds the two together.
    static let styleHash = "sha256-tYye98b8jOS8gmpKOupdYX6zddXnSg3ZPI5Izc77TM0="
}
