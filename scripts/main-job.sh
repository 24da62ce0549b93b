#!/bin/bash
# scripts/main-job.sh run|demo|demo-hsm: the main job with real input, each step an ordinary `assay` command.
# run:  data in ${ASSAY_DATA:-./var}; the server keeps running; a second run starts what exists.
# demo: in a temporary directory on a free port; evidence goes to ${DEMO_OUT:-./demo-out}; non-zero when a step fails.
# demo-hsm: the same with the authorities' keys in a SoftHSM2 token, and the master key sealed under it.
. "$(dirname "$0")/common.sh"

mode=${1:-}
case "$mode" in
    run)
        data=$(realpath -m "${ASSAY_DATA:-var}")
        work=$data/main-job
        listen=${ASSAY_LISTEN:-127.0.0.1:8443}
        ;;
    demo | demo-hsm)
        out=$(realpath -m "${DEMO_OUT:-demo-out}")
        # It is removed at the end, and made anew.
        [ -z "$(ls -A "$out" 2>/dev/null)" ] || [ -e "$out/transcript.txt" ] \
            || fail "$out has something else in it than an earlier demo's evidence: name another folder with DEMO_OUT."
        work=$(mktemp -d)
        data=$work/data
        listen=127.0.0.1:0
        ;;
    *) fail "usage: scripts/main-job.sh run|demo|demo-hsm" ;;
esac
# Codes and keys pass through these files.
umask 077
program=$PWD/.build/debug/assay
# Each person's folder lies in here; --as NAME chooses it.
export ASSAY_HOME=$work/people
server=
transcript=$work/transcript.txt

cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    [ "$mode" = run ] || rm -rf "$work"
}
trap cleanup EXIT

say() { printf '\n# %s\n' "$*" | tee -a "$transcript"; }

# Shows a command as a person would type it, runs it, keeps what it printed in $said.
assay() {
    printf '$ assay %s\n' "$*" | tee -a "$transcript"
    said=$("$program" "$@" 2>&1) || {
        printf '%s\n' "$said" | tee -a "$transcript"
        fail "This step should have succeeded: assay $*"
    }
    printf '%s\n' "$said" | tee -a "$transcript"
}

# The same for what must be refused, with this code.
refused() {
    local code=$1 status=0
    shift
    printf '$ assay %s\n' "$*" | tee -a "$transcript"
    said=$("$program" "$@" 2>&1) || status=$?
    printf '%s\n' "$said" | tee -a "$transcript"
    [ "$status" -ne 0 ] || fail "This step should have been refused: assay $*"
    grep -qF "$code" <<<"$said" || fail "This step should have been refused with $code: assay $*"
}

# The first match of an extended regular expression in what the last command printed.
found() { grep -oE -m 1 "$1" <<<"$said" | head -n 1 || fail "Nothing like $1 in the answer above."; }

serve() {
    : >"$work/server.out"
    "$program" serve --data "$data" --listen "$listen" >"$work/server.out" 2>>"$work/server.log" &
    server=$!
    # The server prints its address, and a code for those who have keys, when it is ready.
    for _ in $(seq 200); do
        node=$(grep -oE -m 1 'assay-node-[A-Za-z0-9_-]+$' "$work/server.out" || true)
        if [ -n "$node" ]; then
            address=$(grep -oE -m 1 'https://[0-9.]+:[0-9]+' "$work/server.out")
            return 0
        fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    tail -n 20 "$work/server.log" >&2
    fail "The server did not start."
}

finish_run() {
    say "The server runs at $address; ctrl-c stops it. Try next, in another terminal:"
    printf 'export ASSAY_HOME=%s\n' "$ASSAY_HOME"
    printf '%s status --as admin\n%s request list --as officer-1\n%s ledger verify --as admin\n' "$program" "$program" "$program"
    wait "$server"
}

mkdir -p "$work"
if [ "$mode" = run ] && [ -e "$work/done" ]; then
    serve
    # Where the server listens may have changed.
    for person in "$ASSAY_HOME"/*/; do "$program" login "$node" --as "$(basename "$person")" >/dev/null; done
    finish_run
    exit
fi
[ "$mode" != run ] || [ ! -e "$data/custody" ] || fail "$data holds a house that this script did not finish. Move it away, or name another with ASSAY_DATA."

say "The first administrator makes their keys, in their own folder; the server never sees them."
assay login --new --as admin --unsealed --out "$work/admin.person"

say "The data directory: custody, database, and roster version 1, which names that administrator."
assay init --data "$data" --administrator "$work/admin.person"

document=examples/manufacturer.yaml
if [ "$mode" = demo-hsm ]; then
    . scripts/main-job-token.sh
fi

say "The server: TLS 1.3 on the loopback address, nothing else. It prints its address, and a line for those who have keys."
serve
printf '%s\n%s\n' "$address" "$node" | tee -a "$transcript"
assay login "$node" --as admin

say "One readable document says what there is: authorities, profile, approval policy. The plan is a difference."
assay plan "$document" --as admin
assay apply "$document" --as admin --yes
if [ "$mode" = demo-hsm ]; then show_token_keys; fi

for n in 1 2 3; do
    say "Officer $n: a one-time code, keys of their own, and a fingerprint that the administrator hears from that person."
    assay officer add "officer-$n" --role registration-officer --as admin
    code=$(found 'assay-code-[A-Za-z0-9_-]+')
    assay login "$code" --as "officer-$n" --unsealed
    fingerprint=$(found '[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}')
    assay officer confirm "officer-$n" --fingerprint "$fingerprint" --as admin --yes
done

say "With one administrator the two-person rule is not in force for the roster, and status says so."
assay status --as admin

say "Somebody keeps a checkpoint of the ledger as it is now, elsewhere."
assay ledger checkpoint --out "$work/kept.checkpoint" --as admin

say "The device: its key never leaves it; openssl plays its part."
openssl ecparam -name prime256v1 -genkey -noout -out "$work/device.key" 2>/dev/null
openssl req -new -key "$work/device.key" -subj "/CN=device" -out "$work/device.csr"

say "Officer 3 submits the request."
assay request submit --profile device-identity --csr "$work/device.csr" --field serial=SN-0001234 --field model=PLC-7 --as officer-3
request=$(found '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}')

say "The first officer looks: the client computes these words from the bytes that will be signed. Then approves."
assay request show "$request" --as officer-1
assay request approve "$request" --as officer-1 --yes

say "Refused: the requester, and the same person twice."
refused vote.own-request request approve "$request" --as officer-3 --yes
refused vote.twice request approve "$request" --as officer-1 --yes

say "The second officer approves: the authority signs exactly what both have seen."
assay request approve "$request" --as officer-2 --yes

say "The certificate, checked by openssl."
assay certificate show "$request" --as officer-3
assay certificate get "$request" --out "$work/device.pem" --as officer-3
assay authority certificate devices --out "$work/issuing.pem" --as officer-3
assay authority certificate root --out "$work/root.pem" --as officer-3
openssl verify -x509_strict -CAfile "$work/root.pem" -untrusted "$work/issuing.pem" "$work/device.pem" | tee -a "$transcript"

say "The certificate's proof, the whole log, and the log against the checkpoint that was kept."
assay ledger prove "$request" --out "$work/device" --as officer-3
assay ledger verify --as officer-3
assay ledger verify --since "$work/kept.checkpoint" --as officer-3

say "What a sceptic needs, in one folder: it can be checked without the server."
rm -rf "$work/evidence"
assay evidence "$request" --out "$work/evidence" --as officer-3

say "A device with two keys, ECDSA and ML-DSA: a request by both, the same votes, a certificate with two signatures."
assay request make --key-out "$work/hybrid.key" --alternative ml-dsa-65 --alternative-out "$work/hybrid-alternative.key" \
    --out "$work/hybrid.csr"
assay request submit --profile hybrid-identity --csr "$work/hybrid.csr" --field serial=SN-0001235 --field model=PLC-8 --as officer-3
hybrid=$(found '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}')
assay request approve "$hybrid" --as officer-1 --yes
assay request approve "$hybrid" --as officer-2 --yes
assay certificate get "$hybrid" --out "$work/hybrid.pem" --as officer-3
assay authority certificate hybrid-devices --out "$work/hybrid-issuing.pem" --as officer-3

say "Who knows the second signature verifies both; openssl, which does not, verifies the first and is not disturbed."
assay verify "$work/hybrid.pem" --chain "$work/hybrid-issuing.pem" --anchor "$work/root.pem" --require both
openssl verify -x509_strict -CAfile "$work/root.pem" -untrusted "$work/hybrid-issuing.pem" "$work/hybrid.pem" | tee -a "$transcript"
cp "$work/hybrid.pem" "$work/hybrid-issuing.pem" "$work/evidence/"

say "A station: its key is made where it stands; two officers let it have 100 certificates within an hour."
station=$work/station
assay machine enroll line-3 --node "$node" --out "$work/line-3.machine" --home "$station"
assay allowance open --machine "$work/line-3.machine" --name line-3 --profile device-identity --number 100 \
    --until "$(date -u -d '+1 hour' +%FT%TZ)" --as officer-3
allowance=$(found '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}')
assay allowance approve "$allowance" --as officer-1 --yes
assay allowance approve "$allowance" --as officer-2 --yes

say "101 devices make their requests; the station draws 100 certificates, one call each, and nobody is asked."
mkdir -p "$work/csr" "$work/last"
for n in $(seq -w 101); do
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/csr/LN-$n.key" -subj "/CN=device" \
        -out "$work/csr/LN-$n.csr" 2>/dev/null
done
mv "$work/csr/LN-101.csr" "$work/last/"
assay machine certificate --profile device-identity --csr-dir "$work/csr" --field "serial={file}" --field model=PLC-7 \
    --out-dir "$work/pem" --as line-3 --home "$station"
openssl verify -x509_strict -CAfile "$work/root.pem" -untrusted "$work/issuing.pem" "$work"/pem/*.pem | tail -n 1 | tee -a "$transcript"

say "Refused: the 101st."
refused allowance.exhausted machine certificate --profile device-identity --csr "$work/last/LN-101.csr" --field serial=LN-101 \
    --field model=PLC-7 --out "$work/last/LN-101.pem" --as line-3 --home "$station"
assay allowance show "$allowance" --as officer-3
assay ledger verify --as officer-3

if [ "$mode" = run ]; then
    touch "$work/done"
    finish_run
fi
kill "$server"
# Also with a module whose library has exit handlers of its own.
wait "$server" || fail "The server did not stop in order."
server=
rm -rf "$out"
mkdir -p "$(dirname "$out")"
cp -R "$work/evidence" "$out"
# The codes in it are used up, and good for a server that is gone.
cp "$transcript" "$out/"
chmod -R go=u-w "$out"
printf '\nEvidence is in %s\n' "$out"
