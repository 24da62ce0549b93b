# Sourced by scripts/main-job.sh: a SoftHSM2 token, and the authorities' keys in it.

module=/usr/lib/softhsm/libsofthsm2.so
[ -e "$module" ] || fail "$module is missing: run \`make demo-hsm\`, which installs it."
mkdir -p "$work/softhsm/tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$work/softhsm/tokens" >"$work/softhsm/softhsm2.conf"
export SOFTHSM2_CONF=$work/softhsm/softhsm2.conf
pin=$(openssl rand -hex 8)
printf '%s\n' "$pin" >"$work/softhsm/pin"

say "A token, as the manufacturer of an HSM would hand it over; its PIN lies in a file that only the server's user can read."
printf '$ softhsm2-util --init-token --free --label assay --so-pin … --pin …\n' | tee -a "$transcript"
softhsm2-util --init-token --free --label assay --so-pin "$(openssl rand -hex 8)" --pin "$pin" >/dev/null
serial=$(softhsm2-util --show-slots | sed -nE 's/^ *Serial number: *([0-9a-f]+) *$/\1/p' | head -n 1)

say "The house gets to know it as the custody hsm; the token makes an AES key for what it cannot do itself."
assay custody add hsm --module "$module" --environment "SOFTHSM2_CONF=$SOFTHSM2_CONF" --token assay --serial "$serial" \
    --pin "file:$work/softhsm/pin" --data "$data"

say "The master key goes under the token as well: from now on nothing of the house opens without it."
assay custody seal --under hsm --data "$data"
assay custody list --data "$data"

# The same document, but for where the authorities' keys lie.
document=$work/manufacturer.yaml
sed -E 's/^    key: .*/&\n    custody: hsm/' examples/manufacturer.yaml >"$document"
[ "$(grep -c '^    custody: hsm$' "$document")" -eq 3 ] || fail "examples/manufacturer.yaml has other authorities than this script knows."

show_token_keys() {
    say "The authorities' keys were made in the token, but for the second ones, which it cannot make: those are sealed under it. Assay says so, and so does pkcs11-tool: sensitive, never extractable."
    assay key list --as admin
    assay key show hybrid-devices --as admin
    printf '$ pkcs11-tool --module %s --token-label assay --login --pin env:PIN --list-objects --type privkey\n' "$module" | tee -a "$transcript"
    # Whoever lists processes reads arguments, and not the environment.
    said=$(PIN=$pin pkcs11-tool --module "$module" --token-label assay --login --pin env:PIN --list-objects --type privkey 2>&1) || fail "$said"
    printf '%s\n' "$said" | tee -a "$transcript"
    [ "$(grep -c '^Private Key Object' <<<"$said")" -eq 3 ] || fail "The token should have three private keys."
    [ "$(grep -c 'Access: *sensitive, always sensitive, never extractable, local$' <<<"$said")" -eq 3 ] \
        || fail "A key in the token could leave it."
}
