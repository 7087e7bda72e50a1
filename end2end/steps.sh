# shellcheck shell=bash
# How the suites of this project run their steps: one line while it goes well, and totals at the end.
# To be sourced in the project's folder, with a folder for logs in $log; sets passed, failed, notes and groups.
passed=0 failed=0
notes=()
groups=()

# One line while it goes well, the end of its log when not.
run() { # NAME COMMAND…
  local name=$1 start=$SECONDS
  shift
  printf '» %s … ' "$name"
  if "$@" >"$log/${name// /-}" 2>&1 </dev/null; then
    printf 'ok (%d s)\n' $((SECONDS - start))
  else
    printf 'FAILED (%d s, %s free)\n' $((SECONDS - start)) "$(df -h --output=avail . | tail -1 | tr -d ' ')"
    tail -60 "$log/${name// /-}"
    return 1
  fi
}

fails() { # WHAT
  notes+=("failed: $1")
  failed=$((failed + 1))
}

step() { run "$@" || fails "$1"; }

# A step whose log counts tests: these stand in the totals, not the step.
suite() { # NAME COMMAND…
  local name=$1 status=0 ok bad ignored
  run "$@" || status=1
  read -r ok bad ignored < <(awk '/^test result:/ { ok += $4; bad += $6; ignored += $8 }
    /^# pass / { ok += $3 } /^# fail / { bad += $3 } /^# (skipped|todo) / { ignored += $3 }
    END { print ok + 0, bad + 0, ignored + 0 }' "$log/${name// /-}")
  printf '  %d passed, %d failed\n' "$ok" "$bad"
  passed=$((passed + ok)) failed=$((failed + bad))
  [ "$bad" = 0 ] || notes+=("failed: $bad of $name")
  [ "$ignored" = 0 ] || skips "$ignored of $name" "they are marked so"
  if [ "$status" = 1 ] && [ "$bad" = 0 ]; then fails "$name, before it could count its tests"; fi
  if [ "$status" = 0 ] && [ "$ok" = 0 ]; then fails "$name: no test ran"; fi
}

skips() { # WHAT WHY
  if [ "${CI:-}" = true ]; then fails "$1 cannot be skipped with CI=true: $2"; else notes+=("skipped: $1: $2"); fi
}

# Installs beside all the rest, in a process group of its own, so that an interrupt ends it too.
beside() { # NAME WHAT…
  local name=$1
  shift
  printf '» beside: installing what is lacking of %s\n' "$*"
  set -m
  end2end/install "$@" >"$log/install-$name" 2>&1 </dev/null &
  set +m
  groups+=($!)
}

# Waits for such an install; without it, what needs it is skipped or has failed.
installed() { # NAME PROCESS WHAT-NEEDS-IT
  local status=0
  wait "$2" || status=$?
  [ "$status" = 0 ] && return
  if [ "$status" = 3 ]; then
    skips "$3" "$(grep -h '^lacking' "$log/install-$1" | tail -1)"
  else
    tail -40 "$log/install-$1"
    fails "$3: the install, see $log/install-$1"
  fi
  return 1
}

stop() {
  for group in "${groups[@]}"; do kill -TERM -- "-$group" 2>/dev/null; done
  exit 130
}
trap stop INT TERM

# The notes and the totals; a failure is one of the suite.
report() {
  echo
  for note in "${notes[@]+"${notes[@]}"}"; do echo "$note"; done
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
