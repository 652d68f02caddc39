# One voter's way through the demo office, by curl: sourced by scripts/demo --once, after scripts/house/steps.sh.
#
# Needs: $office $work $election $page (the inbox) $site $server (its process), and the function `uocava`.

# Filled in on the way. A step that finds nothing leaves them empty, and the steps after it say so.
voter_id='' birthday='' link='' to='' last_name='' links_in_letter='' letters='' pdf='' zip='' return_code='' tracking_code=''

# Which letter: an ASCII name, so that text taken from the PDF can be compared as bytes.
pick_letter() {
    curl -sS "${page}letters.json" > "$work/letters.json"
    /usr/bin/python3 - "$work/letters.json" "$work/voters-of-the-roll.csv" <<'PYTHON'
import csv, json, sys
letters = json.load(open(sys.argv[1]))
last = {row["voter_id"]: row["last_name"] for row in csv.DictReader(open(sys.argv[2], encoding="utf-8"))}
letter = next(letter for letter in letters if letter["link"] and letter["name"].isascii() and letter["birthday"] and "'" not in letter["name"])
for name in ("voter_id", "birthday", "link", "to"):
    print(f"{name}='{letter[name]}'")
print(f"last_name='{last[letter['voter_id']]}'")
print(f"links_in_letter={sum('/b/' in line for line in letter['text'].splitlines())}")
print(f"letters={len(letters)}")
PYTHON
}

# request NAME CURL-ARGUMENTS…: keeps head and body in $work/NAME.head and $work/NAME.body; prints the status.
request() {
    local name=$1
    shift
    curl -sS -o "$work/$name.body" -D "$work/$name.head" -w '%{http_code}' "$@"
}

header() { # NAME-OF-REQUEST FIELD
    sed -n "s/^$2: *//Ip" "$work/$1.head" | tr -d '\r'
}

status_of() {
    uocava status "$1" --election "$election" --format json | json 'd[0]["status"]'
}

walk_the_letter() {
    local picked
    picked=$(pick_letter) || return 1
    eval "$picked"
    same "the inbox holds one letter for each ballot issued" "$issued" "$letters"
    same "the letter holds one link" 1 "$links_in_letter"
    same "GET on the link shows a page" 200 "$(request link "$link")"
    same "GET sets no cookie" "" "$(header link set-cookie)"
    holds "the page asks for the answer" "a form with a field named answer" grep -q 'name="answer"' "$work/link.body"
    same "GET on a link that never was shows a page too" 200 "$(request other "${link%/b/*}/b/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")"
    holds "both pages are the same, byte for byte" "no difference" cmp "$work/link.body" "$work/other.body"
}

walk_the_counter() {
    same "a wrong birthday is refused" 403 "$(request wrong --data-urlencode answer=1901-01-01 "$link")"
    same "the right birthday opens the ballot" 303 "$(request right -c "$work/jar" --data-urlencode "answer=$birthday" "$link")"
    same "… and leads to /ballot" /ballot "$(header right location)"
    same "… with one cookie, named visit" 1 "$(header right set-cookie | grep -c '^visit=')"
    same "the link does not open twice" 403 "$(request again --data-urlencode "answer=$birthday" "$link")"
    same "the ballot page is shown to the visit" 200 "$(request ballot -b "$work/jar" "$site/ballot")"
    same "… and to nobody else" 403 "$(request stranger "$site/ballot")"
    pdf=$(grep -o 'href="/ballot/[A-Za-z0-9_-]*\.pdf"' "$work/ballot.body" | sed 's/href="//; s/"//' | sort -u)
    zip=$(grep -o 'href="/ballot/[A-Za-z0-9_-]*\.zip"' "$work/ballot.body" | sed 's/href="//; s/"//' | sort -u)
    same "it links one PDF and one ZIP" "1 1" "$(wc -w <<<"$pdf") $(wc -w <<<"$zip")"
}

walk_the_download() {
    same "the PDF comes whole" 200 "$(request pdf -b "$work/jar" "$site$pdf")"
    cp "$work/pdf.body" "$work/packet.pdf"
    local size
    size=$(stat -c %s "$work/packet.pdf")
    same "the first half of the PDF, by Range" 206 "$(request half -b "$work/jar" -r "0-$((size / 2 - 1))" "$site$pdf")"
    same "the rest of it, resumed" 206 "$(request rest -b "$work/jar" -r "$((size / 2))-" "$site$pdf")"
    cat "$work/half.body" "$work/rest.body" > "$work/resumed.pdf"
    holds "the two halves are the PDF" "no difference" cmp "$work/packet.pdf" "$work/resumed.pdf"
    same "the ZIP comes" 200 "$(request zip -b "$work/jar" "$site$zip")"
    mkdir -p "$work/zip"
    holds "the ZIP unpacks" "unzip is content" unzip -q -o "$work/zip.body" -d "$work/zip"
    holds "the PDF in the ZIP is the same" "no difference" cmp "$work/packet.pdf" "$work/zip/packet.pdf"
    becomes "the office knows that the ballot was delivered" delivered status_of "$voter_id"
}

# VERIFY.txt is for a person with OpenSSL and nothing of ours: its commands are run as they stand.
run_verify_txt() {
    cp "$office/keys/ca.pem" "$work/zip/office-ca.pem"
    (
        cd "$work/zip"
        sed -n 's/^[[:space:]]*\(\$ \)\{0,1\}//; /^[({]\{0,1\} *\(head\|tail\|openssl\|cat\) /p' VERIFY.txt > commands.sh
        grep -q 'openssl cms -verify' commands.sh && bash -euo pipefail commands.sh
    )
}

# One byte of the ballot pages, in the middle of the file.
tampered() {
    /usr/bin/python3 - "$1" "$2" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open(sys.argv[2], "wb").write(data)
PYTHON
}

sample_on_every_page() {
    local pages page
    pages=$(pdfinfo "$1" | sed -n 's/^Pages: *//p')
    for ((page = 1; page <= pages; page++)); do
        pdftotext -f "$page" -l "$page" "$1" - | tr -d '[:space:]' | grep -q SAMPLE || { echo "page $page of $pages has no SAMPLE"; return 1; }
    done
}

walk_the_packet() {
    exits "uocava verify finds the packet genuine" 0 uocava verify "$work/packet.pdf"
    tampered "$work/packet.pdf" "$work/changed.pdf"
    exits "uocava verify notices one changed bit" 1 uocava verify "$work/changed.pdf"
    holds "OpenSSL finds it genuine, by the commands in VERIFY.txt" "CMS Verification successful" run_verify_txt
    holds "qpdf finds no fault in the PDF" "qpdf --check is content" qpdf --check "$work/packet.pdf"
    pdfsig "$work/packet.pdf" > "$work/pdfsig.txt" 2>&1 || true
    holds "pdfsig: the signature is valid" "Signature is Valid" grep -q 'Signature is Valid' "$work/pdfsig.txt"
    holds "pdfsig: it covers the whole file" "Total document signed" grep -q 'Total document signed' "$work/pdfsig.txt"
    holds "every page says SAMPLE" "the word on each page" sample_on_every_page "$work/packet.pdf"
    pdftotext -layout "$work/packet.pdf" "$work/packet.txt"
    holds "the declaration names the voter" "$last_name in the text" grep -qF "$last_name" "$work/packet.txt"
    return_code=$(grep -oE 'R-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}' "$work/packet.txt" | sort -u)
    tracking_code=$(grep -oE 'T(-[0-9A-Z]{4}){5}' "$work/packet.txt" | sort -u)
    same "one return code and one tracking code are printed" "1 1" "$(wc -w <<<"$return_code") $(wc -w <<<"$tracking_code")"
}

receive() {
    uocava returns receive "$return_code" --format json | json 'd[0]["result"]'
}

walk_the_return() {
    same "the envelope's code is received" received "$(receive 2>&1)"
    same "scanned again, it is a duplicate" duplicate "$(receive 2>&1)"
    exits "the ballot is accepted" 0 uocava returns decide "$return_code" --accept
    becomes "its status is accepted" accepted status_of "$voter_id"
    becomes "the tracking page says so, to anyone with the code" yes tracking_says_accepted
    same "the return code opens no tracking page" no "$(curl -sS "$site/t/$return_code" | grep -qi accepted && echo yes || echo no)"
}

tracking_says_accepted() {
    curl -sS "$site/t/$tracking_code" | grep -qi accepted && echo yes
}

# Nothing that tells who the voter is, and no usable token, in the databases or in the log.
nothing_in_clear() {
    local word
    for word in "${link##*/}" "$to" "$tracking_code"; do
        if grep -qaF -- "$word" "$office"/*.sqlite* "$work/serve.log"; then echo "found in clear: $word"; return 1; fi
    done
}

walk_the_books() {
    exits "the books agree (reconcile)" 0 uocava reconcile --election "$election"
    exits "every invariant holds (audit)" 0 uocava audit
    holds "no token, e-mail address or tracking code lies in clear on disk or in the log" "none found" nothing_in_clear
    kill -TERM "$server"
    local status=0
    wait "$server" || status=$?
    server=
    same "the server stops when asked to" 0 "$status"
}

show_the_books() {
    printf '\n'
    uocava status "$voter_id" --election "$election" || true
    printf '\n'
    uocava reconcile --election "$election" || true
    printf '\n'
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
