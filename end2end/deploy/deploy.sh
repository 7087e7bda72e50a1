#!/usr/bin/env bash
# A rehearsal of Compass4nfv's deploy.sh: the same lines, files, exit status and lies, and a real
# ansible-core over five local hosts, but nothing is installed. All of it stays below the working directory.
# From the environment: DHA, NETWORK, EXPANSION as Compass has them; REHEARSAL names a scenario of
# README.md; REHEARSAL_PACE is how long an operating system takes to install, in seconds.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export COMPASS_DIR=$PWD
export REHEARSAL=${REHEARSAL:-success} REHEARSAL_PACE=${REHEARSAL_PACE:-1}
log=$COMPASS_DIR/work/deploy/log/compass-deploy.log
mkdir -p "${log%/*}"
"$here/launch" 2>&1 | tee "$log"
# The status says what the last line is, and nothing else.
[ "$(tail -n 1 "$log")" = 'compass deploy success' ]
