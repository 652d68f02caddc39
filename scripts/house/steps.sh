# Steps that are counted: sourced by scripts/demo. Each prints one line, `ok …` or `FAILED …` with what was expected.

passed=0
failed=0

ok() {
    passed=$((passed + 1))
    printf 'ok      %s\n' "$*"
}

# failed_step WHAT EXPECTED FOUND: what a person needs to see why.
failed_step() {
    failed=$((failed + 1))
    printf 'FAILED  %s\n        expected: %s\n        found:    %s\n' "$1" "$2" "${3:0:1500}"
}

# same WHAT EXPECTED FOUND
same() {
    if [ "$2" = "$3" ]; then ok "$1"; else failed_step "$1" "$2" "$3"; fi
}

# holds WHAT EXPECTED COMMAND…: the command's exit status tells.
holds() {
    local what=$1 expected=$2 output
    shift 2
    if output=$("$@" 2>&1); then ok "$what"; else failed_step "$what" "$expected" "exit status $?: $output"; fi
}

# exits WHAT STATUS COMMAND…: the command ends with that status.
exits() {
    local what=$1 expected=$2 output status=0
    shift 2
    output=$("$@" 2>&1) || status=$?
    if [ "$status" = "$expected" ]; then ok "$what"; else failed_step "$what" "exit status $expected" "exit status $status: $output"; fi
}

# json EXPRESSION: evaluates a Python expression over the JSON on stdin, called d.
json() {
    /usr/bin/python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

# becomes WHAT EXPECTED COMMAND…: asks again for at most 15 seconds until the command prints that.
becomes() {
    local what=$1 expected=$2 found='' end=$((SECONDS + 15))
    shift 2
    while [ $SECONDS -lt $end ]; do
        found=$("$@" 2>&1) || true
        [ "$found" != "$expected" ] || { ok "$what"; return 0; }
        sleep 0.3
    done
    failed_step "$what" "$expected (within 15 seconds)" "$found"
}

# summary: the last line; the exit status says whether every step did what it should.
summary() {
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
}
