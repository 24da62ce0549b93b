# Sourced by the scripts beside it. Works as root or as a plain user, with or without HOME.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# SwiftPM and pip want a home that can be written.
if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
    export HOME="$PWD/.build/home"
    mkdir -p "$HOME"
fi
export LC_ALL=C.UTF-8
# The crash reporter prints memory that registers point at, and swallows signals.
export SWIFT_BACKTRACE=enable=no

fail() {
    echo "$*" >&2
    exit 1
}

# packages NAME[=VERSION]…: installs those Debian packages that are missing, or there in another version than one that is named, and touches
# nothing when none is.
packages() {
    command -v dpkg-query >/dev/null || return 0
    local missing=() wanted found
    for wanted in "$@"; do
        found=$(dpkg-query --show --showformat='${db:Status-Status}=${Version}' "${wanted%%=*}" 2>/dev/null) || true
        case "$wanted" in
            *=*) [ "$found" = "installed=${wanted#*=}" ] || missing+=("$wanted") ;;
            *) [ "${found%%=*}" = installed ] || missing+=("$wanted") ;;
        esac
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "Missing Debian packages: ${missing[*]}. There is no sudo here; as root: apt-get install ${missing[*]}"
        as=(sudo)
    fi
    echo "Installing Debian packages: ${missing[*]}"
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends --allow-downgrades "${missing[@]}" >/dev/null 2>&1 && return 0
    "${as[@]}" apt-get update -q >/dev/null || fail "apt-get update failed; missing are: ${missing[*]}"
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends --allow-downgrades "${missing[@]}" >/dev/null \
        || fail "Could not install: ${missing[*]}"
}

# from_newest FOLDER NAME[=VERSION]…: unpacks packages of Debian's newest suite into FOLDER; nothing is installed, and nothing of the
# machine's apt changes. The suite moves on: a version that is gone is replaced by the one that has taken its place.
from_newest() {
    local folder=$1 uri work name apt
    shift
    command -v apt-get >/dev/null || fail "These come as Debian packages, and there is no apt-get here: $*"
    # The machine's own mirror.
    uri=$(apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)' 'Created-By: Packages' | sed -n 's/^Debian|//p' | grep -v security | head -n 1) || true
    [ -n "$uri" ] || fail "apt knows no Debian mirror: apt-get update"
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial" "$work/archives/partial" "$folder"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri sid main" >"$work/sources.list"
    apt=(apt-get -q -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null
        -o Dir::Etc::PreferencesParts=/dev/null -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work"
        -o "Dir::Cache::Archives=$work/archives" -o APT::Sandbox::User=root -o Acquire::Languages=none)
    "${apt[@]}" update >/dev/null || fail "The lists of Debian's newest suite could not be fetched."
    for name in "$@"; do
        (cd "$work/archives" && { "${apt[@]}" download "$name" 2>/dev/null || "${apt[@]}" download "${name%%=*}"; } >/dev/null) \
            || fail "The package $name could not be fetched."
        dpkg-deb -x "$work/archives/${name%%=*}"_*.deb "$folder"
    done
    rm -rf "$work"
}
