#!/bin/sh
# Installs Binnacle from an archive of a release, after its checksum was found right.
# usage: install.sh ARCHIVE.tar.gz [--prefix DIR] [--sums FILE] [--key PUBLIC.pem] [--service]
#        install.sh --uninstall [--prefix DIR] [--service]
# ARCHIVE is a file or an https address. SHA256SUMS is looked for beside it; with --key its signature SHA256SUMS.sig too.
# --service also installs and starts the systemd unit. Data and settings stay when it is uninstalled.
set -eu

prefix=/usr/local archive='' sums='' key='' service='' uninstall=''
fail() { echo "install.sh: $*" >&2; exit 1; }
usage() { sed -n 's/^# //p' "$0" | sed -n '2,3p' >&2; exit 2; }
while [ $# -gt 0 ]; do
  case $1 in
    --prefix | --sums | --key)
      [ $# -gt 1 ] || usage
      case $1 in --prefix) prefix=$2 ;; --sums) sums=$2 ;; *) key=$2 ;; esac
      shift
      ;;
    --service) service=yes ;;
    --uninstall) uninstall=yes ;;
    -*) usage ;;
    *) archive=$1 ;;
  esac
  shift
done

# One list for both ways, so that nothing stays behind.
shell_files='share/bash-completion/completions/binnacle share/zsh/site-functions/_binnacle share/fish/vendor_completions.d/binnacle.fish'
unit=/etc/systemd/system/binnacle.service

if [ -n "$uninstall" ]; then
  if [ -n "$service" ]; then
    systemctl disable --now binnacle.service 2>/dev/null || true
    rm -f "$unit"
  fi
  rm -f "$prefix/bin/binnacle" "$prefix"/share/man/man1/binnacle.1 "$prefix"/share/man/man1/binnacle-*.1 "$prefix/share/licenses/binnacle/LICENSE"
  for file in $shell_files; do rm -f "$prefix/$file"; done
  rmdir "$prefix/share/licenses/binnacle" 2>/dev/null || true
  exit 0
fi

[ -n "$archive" ] || usage
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=${archive##*/}

fetch() { # ADDRESS-OR-FILE TO
  case $1 in
    https://*) if command -v curl >/dev/null; then curl -fsSL --proto '=https' -o "$2" "$1"; else wget -q --https-only -O "$2" "$1"; fi ;;
    *://*) fail "$1: only https addresses are fetched" ;;
    *) cp "$1" "$2" ;;
  esac || fail "$1 cannot be read"
}

beside=${archive%"$name"}
fetch "$archive" "$work/$name"
fetch "${sums:-${beside}SHA256SUMS}" "$work/SHA256SUMS"
if [ -n "$key" ]; then
  fetch "${sums:-${beside}SHA256SUMS}.sig" "$work/SHA256SUMS.sig"
  base64 -d "$work/SHA256SUMS.sig" >"$work/signature"
  openssl dgst -sha256 -verify "$key" -signature "$work/signature" "$work/SHA256SUMS" >/dev/null || fail "the signature of SHA256SUMS is not of $key; nothing was installed"
fi
wanted=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "SHA256SUMS does not list $name; nothing was installed"
found=$(sha256sum "$work/$name" | cut -d ' ' -f 1)
[ "$wanted" = "$found" ] || fail "the checksum of $name is $found and should be $wanted; nothing was installed"

mkdir "$work/files"
tar -xzf "$work/$name" -C "$work/files" --strip-components=1 --no-same-owner
"$work/files/binnacle" --version >/dev/null || fail "$name does not run on this machine ($(uname -m)); nothing was installed"

mkdir -p "$prefix/bin" "$prefix/share/man/man1" "$prefix/share/licenses/binnacle"
# A new file and a rename: a server that runs keeps the program that it was started with.
cp "$work/files/binnacle" "$prefix/bin/.binnacle.new"
chmod 755 "$prefix/bin/.binnacle.new"
mv "$prefix/bin/.binnacle.new" "$prefix/bin/binnacle"
cp "$work/files"/man/*.1 "$prefix/share/man/man1/"
cp "$work/files/LICENSE" "$prefix/share/licenses/binnacle/LICENSE"
for file in $shell_files; do
  mkdir -p "$(dirname "$prefix/$file")"
  case $file in
    *bash*) cp "$work/files/completions/binnacle.bash" "$prefix/$file" ;;
    *) cp "$work/files/completions/$(basename "$file")" "$prefix/$file" ;;
  esac
done
if [ -n "$service" ]; then
  mkdir -p /etc/binnacle
  [ -e /etc/binnacle/binnacle.toml ] || cp "$work/files/binnacle.toml" /etc/binnacle/binnacle.toml
  sed "s|^ExecStart=/usr/local/bin/|ExecStart=$prefix/bin/|" "$work/files/binnacle.service" >"$unit"
  systemctl daemon-reload
  systemctl enable --now binnacle.service
fi
echo "$("$prefix/bin/binnacle" --version) is in $prefix/bin; try: binnacle serve --demo"
