#!/usr/bin/env bash
# Installs what the tests need beside the .NET SDK, where it can, then builds everything and runs every test.
#   ./test.sh [--long] [arguments of dotnet test]
# --long: the tests that kill and starve servers do so fifty times and for half a minute, instead of five times and for seconds. The version
#   from before the schema last changed is built from the history, and works beside this one.
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

arguments=()
for argument in "$@"; do
  if [ "$argument" = --long ]; then
    export FEDERATIONWORKFLOWS_LONG_TESTS=1
  else
    arguments+=("$argument")
  fi
done

# Program or file, and the Debian package that has it.
needed=(
  "/usr/bin/aws awscli"
  "/usr/lib/python3/dist-packages/boto3 python3-boto3"
  "/usr/lib/python3/dist-packages/google/auth python3-google-auth"
  "/usr/lib/python3/dist-packages/requests python3-requests"
  "/usr/lib/postgresql postgresql"
  "/usr/bin/chromium chromium"
)

missing=()
for entry in "${needed[@]}"; do
  read -r path package <<<"$entry"
  [ -e "$path" ] || missing+=("$package")
done

# The build fetches the designer with it, and tests drive the designer.
command -v npm >/dev/null || missing+=(npm)

if [ ${#missing[@]} -gt 0 ]; then
  if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
    as_root=(env DEBIAN_FRONTEND=noninteractive)
    [ "$(id -u)" = 0 ] || as_root=(sudo "${as_root[@]}")
    echo "Installing ${missing[*]}: tests drive the clouds' real clients, a real database and a real browser."
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "These Debian packages are missing, and the tests that drive them will fail: ${missing[*]}" >&2
    echo "Install them with: sudo apt-get install ${missing[*]}" >&2
  fi
fi

dotnet build FederationWorkflows.sln --verbosity quiet

older=$(mktemp -d)
log=$(mktemp)
trap 'rm -rf "$log" "$older"' EXIT
if [ "${FEDERATIONWORKFLOWS_LONG_TESTS:-}" = 1 ] && [ -z "${FEDERATIONWORKFLOWS_OLDER_SERVER:-}" ]; then
  changed=$(git log -1 --format=%H -- src/FederationWorkflows.Storage.PostgreSql/Schema)
  git archive "$changed^" | tar -x -C "$older"
  dotnet build "$older/src/FederationWorkflows.Server" --verbosity quiet --output "$older/server"
  export FEDERATIONWORKFLOWS_OLDER_SERVER="$older/server/FederationWorkflows.Server.dll"
  settings=(-- xUnit.Explicit=on)
fi

code=0
dotnet test FederationWorkflows.sln --no-build --logger "console;verbosity=minimal" ${arguments[@]+"${arguments[@]}"} ${settings[@]+"${settings[@]}"} 2>&1 | tee "$log" || code=$?

# "Passed!  - Failed:     0, Passed:     8, Skipped:     0, Total:     8, ..." for each project.
awk -F'[:,]' '/Failed: .*Passed: .*Skipped: .*Total: / { failed += $2; passed += $4; skipped += $6 }
  END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$log"
exit "$code"
