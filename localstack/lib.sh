# Shared by start, stop, sample and check. Source it; it defines and does not act.
# shellcheck shell=bash disable=SC2034

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${HYBRIDGW_LOCALSTACK_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/hybridgw/localstack}
port=${LOCALSTACK_PORT:-4566}
run=$home/run-$port
endpoint=http://127.0.0.1:$port

say() { printf 'localstack: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# LocalStack 4.13 uses modules that Python 3.12 dropped; 4.14 needs syntax of 3.13.
find_python() {
  local candidate
  for candidate in python3.11 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  die "no Python 3.11 found (tried python3.11 and python3). Install it with its venv module" \
    "(Debian: apt-get install python3.11-venv; pyenv: pyenv install 3.11), then run this again."
}

# One environment for each lock file, so that a changed lock installs afresh.
venv_of() {
  "$1" - "$here/requirements.lock" <<'PY'
import hashlib, sys
print("venv-" + hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()[:12])
PY
}

# The process recorded for this port, if it still runs and is ours: a number can be reused.
running_pid() {
  local pid
  pid=$(cat "$run/pid" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  ps -o command= -p "$pid" 2>/dev/null | grep -q 'localstack\.runtime\.main' || return 1
  printf '%s\n' "$pid"
}

stop_running() {
  local pid
  pid=$(running_pid) || { rm -f "$run/pid"; return 0; }
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do
    running_pid >/dev/null || break
    sleep 0.1
  done
  if running_pid >/dev/null; then
    kill -9 "$pid" 2>/dev/null || true
    sleep 0.3
  fi
  rm -f "$run/pid"
}

# Waits for the lock named $1 and holds it on file descriptor $2 until the shell ends.
lock() {
  command -v flock >/dev/null || die "the command 'flock' is missing (Debian: apt-get install util-linux)."
  mkdir -p "$home"
  eval "exec $2>\"\$home/\$1.lock\""
  flock "$2"
}

installed_python() {
  local python venv
  python=$(find_python)
  venv=$home/$(venv_of "$python")
  [[ -e $venv/complete ]] || die "not installed yet: run ${here##*/}/start first."
  printf '%s\n' "$venv/bin/python"
}
