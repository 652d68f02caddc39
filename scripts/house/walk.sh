# One voter's way through the demo office, by curl: sourced by scripts/demo --once, after scripts/house/steps.sh.
#
# Needs: $root $office $work $election $page (the inbox) $site $server (its process), and the functions `uocava` and `stop`.

# Filled in on the way. A step that finds nothing leaves them empty, and the steps after it say so.
voter_id='' birthday='' link='' to='' last_name='' group='' links_in_letter='' letters='' different_links='' pdf='' zip='' style='' return_code='' tracking_code=''

# Which letter: an ASCII name, so that text taken from the PDF can be compared as bytes, and a voter for whom the sample has instructions.
pick_letter() {
    curl -sS "${page}letters.json" > "$work/letters.json"
    /usr/bin/python3 - "$work/letters.json" "$work/election/voters.csv" "$work/letter.txt" <<'PYTHON'
import csv, json, shlex, sys
letters = json.load(open(sys.argv[1]))
roll = {row["voter_id"]: row for row in csv.DictReader(open(sys.argv[2], encoding="utf-8"))}
def group(row):
    return "citizens-abroad" if row["class"].startswith("citizen-") else "" if row["class"] == "other" else f"military-{row['location']}"
letter = next(letter for letter in letters if letter["link"] and letter["name"].isascii() and letter["birthday"]
              and group(roll[letter["voter_id"]]) in ("citizens-abroad", "military-overseas"))
open(sys.argv[3], "w").write(letter["text"])
found = {name: letter[name] for name in ("voter_id", "birthday", "link", "to")}
found["last_name"] = roll[letter["voter_id"]]["last_name"]
found["group"] = group(roll[letter["voter_id"]])
found["links_in_letter"] = sum("/b/" in line for line in letter["text"].splitlines())
found["letters"] = len(letters)
found["different_links"] = len({letter["link"] for letter in letters})
for name, value in found.items():
    print(f"{name}={shlex.quote(str(value))}")
PYTHON
}

# request NAME CURL-ARGUMENTS…: keeps head and body in $work/NAME.head and $work/NAME.body; prints the status.
request() {
    local name=$1
    shift
    curl -sS --max-time 30 -o "$work/$name.body" -D "$work/$name.head" -w '%{http_code}' "$@"
}

header() { # NAME-OF-REQUEST FIELD
    sed -n "s/^$2: *//Ip" "$work/$1.head" | tr -d '\r'
}

answer() { # NAME-OF-REQUEST LINK ANSWER [CURL-ARGUMENTS…]: posts the link's form
    local name=$1 to_link=$2 text=$3
    shift 3
    request "$name" "$@" --data-urlencode "answer=$text" "$to_link"
}

# What the office has on the voter now: a Python expression over one line of `status --format json`.
on_file() {
    uocava status "$voter_id" --election "$election" --format json | json "[$1 for ballot in d][0]"
}

walk_the_letter() {
    local picked
    picked=$(pick_letter) || return 1
    eval "$picked"
    same "the inbox holds one letter for each ballot issued" "$issued" "$letters"
    same "… each with a link of its own" "$letters" "$different_links"
    same "a letter holds one link" 1 "$links_in_letter"
    same "… and not the birthday" 0 "$(grep -cF -- "$birthday" "$work/letter.txt" || true)"
    same "GET on the link shows a page" 200 "$(request link "$link")"
    holds "… that asks for the answer" "a form with a field named answer" grep -q 'name="answer"' "$work/link.body"
    same "… and sets no cookie" "" "$(header link set-cookie)"
    same "HEAD on it is fine" 200 "$(request head --head "$link")"
    same "GET again is fine, too" 200 "$(request link-again "$link")"
    holds "… and shows the same page" "no difference" cmp "$work/link.body" "$work/link-again.body"
    same "GET on a link that never was shows a page" 200 "$(request other "${link%/b/*}/b/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")"
    holds "… and it is the same page, byte for byte" "no difference" cmp "$work/link.body" "$work/other.body"
}

walk_the_counter() {
    same "a text that is no date is asked again" 422 "$(answer no-date "$link" "open sesame")"
    same "a wrong birthday is refused" 403 "$(answer wrong "$link" 1901-01-01)"
    same "… without a cookie" "" "$(header wrong set-cookie)"
    same "a right birthday on a link that never was is refused" 403 "$(answer never "${link%/b/*}/b/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" "$birthday")"
    holds "… with the same page, byte for byte" "no difference" cmp "$work/wrong.body" "$work/never.body"
    same "a form sent from another site is refused" 403 "$(answer foreign "$link" "$birthday" -H 'Origin: https://elsewhere.example')"
    same "after all that the right birthday still opens the ballot" 303 "$(answer right "$link" "$birthday" -c "$work/jar")"
    same "… and leads to /ballot" /ballot "$(header right location)"
    same "… with one cookie" 1 "$(header right set-cookie | grep -c .)"
    holds "… named visit, for this site's pages only" "visit=…; Path=/; HttpOnly; SameSite=Strict" is_visit_cookie
    holds "the link does not open twice" "a status from 400 to 499, no cookie, no way to the ballot" is_spent
    same "the ballot page is shown to the visit" 200 "$(request ballot -b "$work/jar" "$site/ballot")"
    same "… and to nobody else" 403 "$(request stranger "$site/ballot")"
    pdf=$(grep -oE 'href="/ballot/[A-Za-z0-9_-]+\.pdf"' "$work/ballot.body" | sed 's/href="//; s/"//' | sort -u)
    zip=$(grep -oE 'href="/ballot/[A-Za-z0-9_-]+\.zip"' "$work/ballot.body" | sed 's/href="//; s/"//' | sort -u)
    same "it links one PDF and one ZIP" "1 1" "$(wc -w <<<"$pdf") $(wc -w <<<"$zip")"
}

is_visit_cookie() {
    local cookie
    cookie=$(header right set-cookie)
    [[ $cookie == visit=?* && $cookie == *'; HttpOnly'* && $cookie == *'; SameSite=Strict'* && $cookie == *'; Path=/'* ]] || { echo "$cookie"; return 1; }
}

# The right answer on a used link is told the truth; but it opens nothing.
is_spent() {
    local status
    status=$(answer again "$link" "$birthday")
    [[ $status == 4?? && -z $(header again set-cookie) && -z $(header again location) ]] && ! grep -q 'href="/ballot"' "$work/again.body" \
        || { echo "status $status"; cat "$work/again.head"; return 1; }
}

walk_the_download() {
    local size half
    same "HEAD tells of a PDF, and its size" "200 application/pdf" "$(request pdf-head --head -b "$work/jar" "$site$pdf") $(header pdf-head content-type)"
    size=$(header pdf-head content-length)
    half=$((size / 2))
    same "the first half of the PDF comes" 206 "$(request half -b "$work/jar" -r "0-$((half - 1))" "$site$pdf")"
    becomes "the office knows that the link was opened" claimed on_file 'ballot["status"]'
    # Were half a download a delivery, the office would learn of it no later than of the claim before and in the seconds to come.
    sleep 3
    same "… and does not take half a download for a delivery" claimed "$(on_file 'ballot["status"]' 2>&1)"
    cp "$work/half.body" "$work/resumed.pdf"
    same "curl resumes the download where it stopped" "206 $((size - half))" \
        "$(curl -sS --max-time 30 -b "$work/jar" -C - -o "$work/resumed.pdf" -w '%{http_code} %{size_download}' "$site$pdf")"
    becomes "the office knows that the ballot was delivered" delivered on_file 'ballot["status"]'
    same "the PDF comes once more, whole" "200 application/pdf $size" \
        "$(request pdf -b "$work/jar" "$site$pdf") $(header pdf content-type) $(stat -c %s "$work/pdf.body")"
    cp "$work/pdf.body" "$work/packet.pdf"
    holds "… and is what was resumed, byte for byte" "no difference" cmp "$work/packet.pdf" "$work/resumed.pdf"
    same "without the cookie it does not come" 403 "$(request pdf-stranger "$site$pdf")"
    same "the ZIP comes" "200 application/zip" "$(request zip -b "$work/jar" "$site$zip") $(header zip content-type)"
    mkdir -p "$work/zip"
    holds "… and unpacks" "unzip is content" unzip -q -o "$work/zip.body" -d "$work/zip"
    same "… to these files" "VERIFY.txt manifest.json packet.p7s packet.pdf" "$(LC_ALL=C; cd "$work/zip" && echo *)"
    holds "… with the same PDF" "no difference" cmp "$work/packet.pdf" "$work/zip/packet.pdf"
}

# verify_by_hand FOLDER: VERIFY.txt is for a person with OpenSSL and nothing of ours, so its commands are run as they stand.
verify_by_hand() {
    cp "$office/keys/ca.pem" "$1/office-ca.pem"
    (
        cd "$1" || exit 1
        sed -nE 's/^ +(\$ )?//; /^(head|tail|openssl|sha256sum|cat) /p' VERIFY.txt > commands.sh
        grep -q '^openssl cms -verify ' commands.sh || { echo "VERIFY.txt has no such command"; exit 1; }
        bash -euo pipefail commands.sh 2>&1 | tee verified.txt
    )
}

# The base's hash, as VERIFY.txt says it must be printed.
base_as_printed() {
    local expected
    expected=$(sed -nE 's/^ *It must print: ([0-9a-f]{64})$/\1/p' "$work/zip/VERIFY.txt")
    [ -n "$expected" ] && grep -q "^$expected " "$work/zip/verified.txt" && [ "$expected" = "$(json 'd["base"]["sha256"]' < "$work/zip/manifest.json")" ]
}

# One bit, in the middle of the file.
tampered() {
    /usr/bin/python3 - "$1" "$2" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open(sys.argv[2], "wb").write(data)
PYTHON
}

refuses() { # COMMAND…: succeeds where the command fails
    if "$@"; then echo "it was content"; return 1; fi
}

signature_holds() { # FILE: pdfsig's exit status says nothing, so its words are read
    pdfsig "$1" > "$work/pdfsig.txt" 2>&1 || true
    grep -q 'Signature is Valid' "$work/pdfsig.txt"
}

pages_of() { pdfinfo "$1" | sed -n 's/^Pages: *//p'; }

# The packet's pages from FIRST on are those of a file of the election's folder: the same words, and so nobody's name.
given_pages() { # FILE FIRST
    pdftotext -layout "$1" "$work/given.txt"
    pdftotext -layout -f "$2" -l $(($2 + $(pages_of "$1") - 1)) "$work/packet.pdf" "$work/printed.txt"
    grep -q '[[:alnum:]]' "$work/given.txt" && diff "$work/given.txt" "$work/printed.txt"
}

# Every page of the packet in its place.
walk_the_pages() {
    local language at=2 folder=$work/election instructions ballot write_ins secrecy
    language=$(json 'd["language"]' < "$work/zip/manifest.json")
    instructions=$folder/instructions/$group.$language.pdf
    ballot=$folder/ballots/$style-$language.pdf
    write_ins=$folder/write-ins/$style.$language.pdf
    [ -e "$write_ins" ] || write_ins=$folder/write-ins/all.$language.pdf
    secrecy=$folder/secrecy/all.$language.pdf
    holds "behind the cover: the office's instructions for $group, unaltered" "the same words" given_pages "$instructions" "$at"
    at=$((at + $(pages_of "$instructions")))
    pdftotext -layout -f "$at" -l "$at" "$work/packet.pdf" "$work/declaration.txt"
    holds "the declaration names the voter" "$last_name in the text" grep -qF -- "$last_name" "$work/declaration.txt"
    at=$((at + 1))
    holds "the ballot's pages are the vendor's, without a name or number" "the same words" given_pages "$ballot" "$at"
    at=$((at + $(pages_of "$ballot")))
    holds "then the write-in candidates of this ballot" "the same words" given_pages "$write_ins" "$at"
    at=$((at + $(pages_of "$write_ins")))
    holds "then the secrecy sheet" "the same words" given_pages "$secrecy" "$at"
    at=$((at + $(pages_of "$secrecy")))
    # On Letter one for the U.S. mail, on A4 two sizes, and one for another country's post.
    local fronts=3
    if pdfinfo "$work/packet.pdf" | grep -q '^Page size: *612 x 792'; then fronts=2; fi
    same "then the fronts of the envelope, and nothing more" "$((at + fronts - 1))" "$(pages_of "$work/packet.pdf")"
}

walk_the_packet() {
    tampered "$work/packet.pdf" "$work/changed.pdf"
    exits "uocava verify finds the packet genuine" 0 uocava verify "$work/packet.pdf"
    exits "… and the ZIP" 0 uocava verify "$work/zip.body"
    exits "… and not a copy with one bit changed" 1 uocava verify "$work/changed.pdf"
    holds "OpenSSL finds it genuine, by the commands in VERIFY.txt as written" "CMS Verification successful" verify_by_hand "$work/zip"
    holds "… and says it in the words that VERIFY.txt promises" "CMS Verification successful" grep -qE '^(CMS )?Verification successful' "$work/zip/verified.txt"
    holds "… and the ballot's hash is the one printed there" "the hash of VERIFY.txt and manifest.json" base_as_printed
    cp -r "$work/zip" "$work/zip-changed"
    cp "$work/changed.pdf" "$work/zip-changed/packet.pdf"
    holds "… and refuses the changed copy" "a failure" refuses verify_by_hand "$work/zip-changed"
    holds "qpdf finds no fault in the PDF" "qpdf --check is content" qpdf --check "$work/packet.pdf"
    holds "pdfsig: the signature of the changed copy is not valid" "anything but: Signature is Valid" refuses signature_holds "$work/changed.pdf"
    holds "pdfsig: the packet's signature is valid" "Signature is Valid" signature_holds "$work/packet.pdf"
    holds "pdfsig: it covers the whole file" "Total document signed" grep -q 'Total document signed' "$work/pdfsig.txt"
    holds "every page says SAMPLE" "the word across each page" scripts/house/sample_marks.py "$work/packet.pdf"
    style=$(on_file 'ballot["style"]')
    walk_the_pages
    pdftotext -layout "$work/packet.pdf" "$work/packet.txt"
    # Whole words: a group of the tracking code may end in R.
    return_code=$(grep -owE 'R(-[0-9A-Z]{4}){3}' "$work/packet.txt" | sort -u)
    tracking_code=$(grep -oE 'T(-[0-9A-Z]{4}){5}' "$work/packet.txt" | sort -u)
    same "one return code and one tracking code are printed" "1 1" "$(wc -w <<<"$return_code") $(wc -w <<<"$tracking_code")"
}

receive() {
    uocava returns receive "$1" --format json | json 'd[0]["result"]'
}

# The newest of the steps that the tracking page lists, as text.
tracking_says() {
    curl -sS --max-time 30 "$site/t/$tracking_code" | grep -oE '<li><time[^>]*>.*</li>' | tail -n 1 | sed 's/<time.*<\/time>//; s/<[^>]*>//g'
}

tracking_tells() { # WORD
    tracking_says | grep -iF -- "$1" >/dev/null && echo yes || { tracking_says; return 1; }
}

walk_the_return() {
    same "the envelope's code is received" received "$(receive "$return_code" 2>&1)"
    same "scanned again, it is a duplicate" duplicate "$(receive "$return_code" 2>&1)"
    same "a code that never was is unknown" unknown "$(receive R-0000-0000-0000 2>&1)"
    same "the status is received" received "$(on_file 'ballot["status"]' 2>&1)"
    becomes "the tracking page says received" yes tracking_tells received
    exits "the ballot is accepted" 0 uocava returns decide "$return_code" --accept
    same "the status is accepted" accepted "$(on_file 'ballot["status"]' 2>&1)"
    same "the timeline tells everything, in order" "issued letter_queued letter_sent claimed delivered received accepted" \
        "$(on_file '" ".join(step["event"] for step in ballot["timeline"])' 2>&1)"
    becomes "the tracking page says accepted, to anyone with the code" yes tracking_tells accepted
    same "the return code opens no tracking page" 404 "$(request return-code "$site/t/$return_code")"
    same "a tracking code that never was opens none either" 404 "$(request no-code "$site/t/T-0000-0000-0000-0000-0000")"
}

# Nothing that tells who the voter is, and no usable token, in the databases or in the log.
nothing_in_clear() {
    local word file
    for file in "$office/office.sqlite" "$office/counter.sqlite" "$work/serve.log"; do
        [ -s "$file" ] || { echo "nothing to look into: $file"; return 1; }
    done
    for word in "${link##*/}" "$to" "$last_name" "$tracking_code"; do
        [ -n "$word" ] || { echo "nothing to look for"; return 1; }
        if grep -qaF -- "$word" "$office"/*.sqlite* "$work"/*.log; then echo "found in clear: $word"; return 1; fi
    done
}

walk_the_books() {
    local people ended=0
    people=$(json 'd["total"]' < "$work/issue.json")
    exits "the books agree (reconcile)" 0 uocava reconcile --election "$election"
    same "… with no mismatch, and everyone of the roll in one bucket" "0 $people" \
        "$(uocava reconcile --election "$election" --format json | json '"%d %d" % (len(d["mismatches"]), sum(d["buckets"].values()))')"
    exits "every invariant holds (audit)" 0 uocava audit
    same "… with nothing found" "True 0" "$(uocava audit --format json | json '"%s %d" % (d["ok"], len(d["findings"]))')"
    holds "no token, name, e-mail address or tracking code lies in clear on disk or in the log" "none found" nothing_in_clear
    stop "$server" || ended=$?
    server=
    same "the server stops when asked to" 0 "$ended"
}

show_the_books() {
    printf '\nThe voter'\''s ballot\n\n'
    uocava status "$voter_id" --election "$election" || true
    printf '\nThe election'\''s books (uocava reconcile)\n\n'
    uocava reconcile --election "$election" || true
    printf '\nThe office'\''s books (uocava audit)\n\n'
    uocava audit || true
    printf '\n'
}

# Every part needs the one before it; a part that breaks off ends the walk with one more failure.
walk_a_voter() {
    local part
    for part in letter counter download packet return books; do
        "walk_the_$part" || { failed_step "the walk, at the $part" "to go on" "it broke off"; break; }
    done
    show_the_books
}
