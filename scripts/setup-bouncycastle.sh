#!/bin/bash
# Bouncy Castle, which knows alternative signatures (X.509:2019 §9.8), from Debian's newest suite: unpacked into .oracles/bouncycastle, never
# installed. The suite moves on; what is asked for is this version, or else the one that has taken its place. Quick when it is there.
. "$(dirname "$0")/common.sh"

wanted=1.86.2-1
folder=.oracles/bouncycastle
[ ! -s "$folder/version" ] || exit 0

packages openjdk-17-jdk-headless
command -v apt-get >/dev/null || fail "Bouncy Castle comes as Debian packages; there is no apt-get here."
rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial" "$folder/unpacked"

# The machine's own mirror, with another suite, in lists of its own: nothing of the machine's apt changes.
uri=$(apt-get indextargets --format '$(ORIGIN)|$(SUITE)|$(REPO_URI)' 'Created-By: Packages' | grep '^Debian|' | grep -v -e '-security|' | head -n 1 | cut -d '|' -f 3) || true
[ -n "$uri" ] || fail "apt knows no Debian mirror: apt-get update"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri sid main" > "$folder/apt/sources.list"
apt=(apt-get -q
    -o "Dir::Etc::SourceList=$PWD/$folder/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null
    -o Dir::Etc::PreferencesParts=/dev/null -o "Dir::State::Lists=$PWD/$folder/apt/lists" -o "Dir::Cache=$PWD/$folder/apt"
    -o "Dir::Cache::Archives=$PWD/$folder/apt/archives" -o APT::Sandbox::User=root -o Acquire::Languages=none)
echo "Fetching Bouncy Castle from Debian's newest suite"
"${apt[@]}" update >/dev/null || fail "The lists of Debian's newest suite could not be fetched."
for name in libbcutil-java libbcpkix-java libbcprov-java; do
    (cd "$folder/apt/archives" && { "${apt[@]}" download "$name=$wanted" 2>/dev/null || "${apt[@]}" download "$name"; } >/dev/null) \
        || fail "The package $name could not be fetched."
    dpkg-deb -x "$folder/apt/archives/$name"_*.deb "$folder/unpacked"
done
for name in bcprov bcpkix bcutil; do cp -L "$folder/unpacked/usr/share/java/$name.jar" "$folder/$name.jar"; done
version=$(dpkg-deb -f "$folder/apt/archives"/libbcprov-java_*.deb Version)
rm -rf "$folder/apt" "$folder/unpacked"
# Last: a run that was interrupted before begins again.
echo "$version" > "$folder/version"
