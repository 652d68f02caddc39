/// What the desk's pages look like, and the one script: for the barcode gun. Both are files of their own, so that the policy needs no hashes.
enum StaffStyle {
    static let sheet = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#1d232a;--soft:#f2f5f8;--line:#6b7683;--faint:#d5dbe1;--blue:#0b4f8a;--on:#fff;--warn:#8a3a00;--warnbg:#fff3e6;--good:#14603a;--goodbg:#e6f5ec;--bad:#8f1d1d;--badbg:#fdecec}
        @media (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e8ecf0;--soft:#1f262d;--line:#8b97a4;--faint:#36404a;--blue:#8cc4ff;--on:#0c1a29;--warn:#ffbf80;--warnbg:#33230f;--good:#86d6a8;--goodbg:#10291b;--bad:#ff9d9d;--badbg:#351414}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
        header,main{max-width:68rem;margin:0 auto;padding:.75rem 1.25rem}
        header{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:center;border-bottom:1px solid var(--faint)}
        nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;margin:0;padding:0}
        nav a{display:inline-block;padding:.35rem 0;min-height:1.9rem}
        nav a[aria-current]{font-weight:700;text-decoration:none;color:var(--ink)}
        .find{display:flex;gap:.5rem;flex:1 1 18rem}
        .find{min-width:0}
        .find input{flex:1;min-width:0}
        .who{display:flex;gap:.6rem;align-items:center;margin:0}
        h1{font-size:1.6rem;line-height:1.25;margin:1rem 0 .5rem}
        h2{font-size:1.15rem;margin:1.75rem 0 .5rem}
        p,ul,ol,dl,table{margin:0 0 1rem}
        a{color:var(--blue);text-underline-offset:.15em}
        :focus-visible{outline:3px solid var(--blue);outline-offset:2px}
        label{display:block;font-weight:600;margin-top:.75rem}
        .hint{display:block;font-size:.95rem}
        input,select,textarea{min-height:2.5rem;padding:.35rem .6rem;font:inherit;color:inherit;background:var(--paper);border:2px solid var(--line);border-radius:.4rem;max-width:100%}
        form.tall input,form.tall textarea,form.tall select{display:block;width:100%;max-width:30rem}
        button{min-height:2.5rem;padding:.35rem 1rem;font:inherit;font-weight:600;color:var(--on);background:var(--blue);border:2px solid var(--blue);border-radius:.4rem;cursor:pointer}
        .quiet{color:var(--blue);background:transparent}
        form.tall button{margin-top:.75rem}
        .note{padding:.6rem .9rem;margin:0 0 1rem;background:var(--soft);border-inline-start:.3rem solid var(--blue);border-radius:.3rem}
        .note p{margin:0 0 .25rem}
        .alert{background:var(--warnbg);border-color:var(--warn)}
        .good{background:var(--goodbg);border-color:var(--good)}
        .bad{background:var(--badbg);border-color:var(--bad)}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%}
        caption{text-align:start;font-weight:600;padding:.25rem 0}
        th,td{text-align:start;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--faint);overflow-wrap:normal}
        td.n,th.n{text-align:end;font-variant-numeric:tabular-nums}
        .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(12rem,1fr));gap:.75rem;padding:0;list-style:none}
        .cards li{background:var(--soft);border-radius:.4rem;padding:.6rem .9rem}
        .cards strong{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}
        dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.25rem 1rem}
        dt{opacity:.9}
        dd{margin:0;font-weight:600}
        .code{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:normal;word-break:normal;white-space:nowrap}
        .chart{width:100%;height:auto;max-height:16rem;background:var(--soft);border-radius:.4rem;padding:.5rem}
        .chart text{fill:var(--ink);font-size:13px}
        .chart line{stroke:var(--line)}
        .chart .issued,.chart .step{fill:var(--blue)}
        .chart .returned{fill:var(--good)}
        .key span{display:inline-block;width:.9rem;height:.9rem;margin-inline:.75rem .3rem;vertical-align:-.1rem;background:var(--blue)}
        .key span+span,.key .two{background:var(--good)}
        .scan input{font-size:1.6rem;width:100%;min-height:3.5rem}
        .scan button{margin:.6rem 0 1rem}
        .result{font-size:1.4rem;min-height:5.5rem}
        .free{white-space:normal}
        .qr{width:14rem;max-width:100%;height:14rem;background:#fff}
        .sample{margin:0;padding:.4rem 1.25rem;text-align:center;background:var(--warnbg);color:var(--warn);border-bottom:2px solid var(--warn)}
        .skip{position:absolute;inset-inline-start:-99rem}
        .skip:focus{inset-inline-start:1rem;top:.5rem;padding:.5rem 1rem;background:var(--paper)}
        @media print{header,form,.skip{display:none}}
        """

    /// The scan page works without it, one page a scan. With it, the page stays: a scan is sent, its answer shown and sounded, and the field is
    /// empty and ready, also while answers are still on their way.
    static let script = """
        (function () {
          "use strict";
          var form = document.getElementById("scan");
          if (!form || !window.fetch || !window.DOMParser) return;
          var field = form.elements.code, said = document.getElementById("said"), rows = document.getElementById("scans");
          var sum = document.getElementById("sum"), counts = { received: 0, duplicate: 0, unknown: 0, failed: 0 };
          var waiting = [], busy = false, sound = null;
          function tone(kind) {
            try {
              sound = sound || new (window.AudioContext || window.webkitAudioContext)();
              var beeps = { received: [[880, 0, 0.09]], duplicate: [[440, 0, 0.12], [440, 0.18, 0.12]] }[kind] || [[196, 0, 0.45]];
              beeps.forEach(function (beep) {
                var voice = sound.createOscillator(), level = sound.createGain();
                voice.frequency.value = beep[0]; level.gain.value = 0.15;
                voice.connect(level); level.connect(sound.destination);
                voice.start(sound.currentTime + beep[1]); voice.stop(sound.currentTime + beep[1] + beep[2]);
              });
            } catch (ignored) {}
          }
          function show(kind, nodes, row) {
            counts[kind] = (counts[kind] || 0) + 1;
            said.className = "note result " + ({ received: "good", duplicate: "alert" }[kind] || "bad");
            said.replaceChildren.apply(said, nodes);
            if (row) rows.insertBefore(row, rows.firstChild);
            while (rows.children.length > 200) rows.removeChild(rows.lastChild);
            sum.textContent = counts.received + " received, " + counts.duplicate + " scanned before, " + (counts.unknown + counts.failed) + " to look at";
            tone(kind);
          }
          function failed(code) {
            var text = document.createElement("p"), row = document.createElement("tr");
            text.textContent = code + ": this scan did not reach the office. Scan it again; scanning twice does no harm.";
            ["", code, "Not written down", ""].forEach(function (cell) { row.appendChild(document.createElement("td")).textContent = cell; });
            show("failed", [text], row);
          }
          function next() {
            if (busy || !waiting.length) return;
            busy = true;
            var code = waiting.shift(), body = new URLSearchParams(new FormData(form));
            body.set("code", code);
            fetch(form.action, { method: "POST", body: body, credentials: "same-origin", redirect: "error" }).then(function (answer) {
              return answer.text();
            }).then(function (text) {
              var page = new DOMParser().parseFromString(text, "text/html"), new_said = page.getElementById("said");
              if (!new_said || !new_said.dataset.result) { failed(code); return; }
              var row = page.querySelector("#scans tr");
              show(new_said.dataset.result, Array.prototype.slice.call(new_said.childNodes), row);
            }).catch(function () { failed(code); }).then(function () { busy = false; field.focus(); next(); });
          }
          form.addEventListener("submit", function (event) {
            event.preventDefault();
            var code = field.value.trim();
            field.value = "";
            field.focus();
            if (code) { waiting.push(code); next(); }
          });
          document.addEventListener("keydown", function (event) {
            var on = document.activeElement;
            if ((!on || on === document.body) && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
          });
          window.addEventListener("beforeunload", function (event) { if (busy || waiting.length) event.preventDefault(); });
          field.focus();
        })();
        """
}
