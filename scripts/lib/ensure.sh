# Brings what the scripts need, and only what is missing. To be sourced with the repository as working folder.
# Quiet: the output of installers goes to a log that is shown only when something fails. Never asks a question.

KHD_CACHE="$PWD/.cache"
KHD_MIN_NODE=20
# Used only where the distribution's own Node is older, as in Debian 12.
KHD_OWN_NODE=22

# Distributions keep daemons such as mosquitto out of an ordinary user's PATH.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

khd_say() { printf '%s\n' "$*" >&2; }

khd_fail() {
  khd_say "error: $*"
  exit 1
}

# khd_quietly NAME COMMAND...: runs the command without input; on failure shows its output and returns 1.
khd_quietly() {
  local name=$1 log="$KHD_CACHE/$1.log"
  shift
  mkdir -p "$KHD_CACHE"
  if "$@" </dev/null >"$log" 2>&1; then return 0; fi
  khd_say "--- $name failed: $* ---"
  tail -n 60 "$log" >&2
  khd_say '---'
  return 1
}

# khd_locked COMMAND...: two scripts started at once must not install into the same folder together.
khd_locked() {
  mkdir -p "$KHD_CACHE"
  if ! command -v flock >/dev/null; then
    "$@"
    return
  fi
  (
    flock 9
    "$@" 9>&-
  ) 9>"$KHD_CACHE/ensure.lock"
}

khd_as_root() {
  if [ "$(id -u)" = 0 ]; then
    DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

khd_has_package() {
  command -v "$1" >/dev/null && return 0
  command -v dpkg-query >/dev/null || return 1
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

khd_apt_install() {
  khd_say "installing $*"
  # One update per machine and day is enough, and none at all when the lists on disk still serve.
  khd_quietly apt-install khd_as_root apt-get install -y --no-install-recommends "$@" 2>/dev/null && return 0
  khd_quietly apt-update khd_as_root apt-get update || true
  khd_quietly apt-install khd_as_root apt-get install -y --no-install-recommends "$@"
}

# ensure_apt PACKAGE...: Debian packages; a command of the same name, however it was installed, will do.
ensure_apt() {
  local missing=() package
  for package in "$@"; do
    khd_has_package "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    khd_fail "this needs ${missing[*]}; install it with your system's package manager and start again"
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    khd_fail "this needs ${missing[*]} and may not install it; run: sudo apt-get install ${missing[*]}"
  fi
  khd_locked khd_apt_install "${missing[@]}" || khd_fail "could not install ${missing[*]}; see above"
}

khd_node_major() {
  node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0
}

# A Node of our own in the cache, from the npm package that brings its binaries.
khd_install_own_node() {
  [ -x "$KHD_CACHE/node/node_modules/node/bin/node" ] && return 0
  khd_say "installing Node $KHD_OWN_NODE into .cache/ (found: $(node --version 2>/dev/null || echo none))"
  mkdir -p "$KHD_CACHE/node"
  khd_quietly node-install npm install --prefix "$KHD_CACHE/node" --no-save "node@$KHD_OWN_NODE"
}

# ensure_node: node (20 or later) and npm in PATH.
ensure_node() {
  if [ "$(khd_node_major)" -lt "$KHD_MIN_NODE" ] || ! command -v npm >/dev/null; then
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then ensure_apt nodejs npm; fi
    if [ "$(khd_node_major)" -lt "$KHD_MIN_NODE" ]; then
      khd_locked khd_install_own_node || true
      PATH="$KHD_CACHE/node/node_modules/node/bin:$PATH"
    fi
  fi
  export PATH
  [ "$(khd_node_major)" -ge "$KHD_MIN_NODE" ] ||
    khd_fail "this needs Node $KHD_MIN_NODE or later (found: $(node --version 2>/dev/null || echo none)); install it from https://nodejs.org and start again"
  command -v npm >/dev/null || khd_fail 'this needs npm, which comes with Node; install it and start again'
}

# What node_modules depends on: the lock file, and the Node that picked the prebuilt binaries.
khd_npm_stamp() {
  node -p '`${process.platform}-${process.arch}-${process.versions.modules} ` +
    require("crypto").createHash("sha256").update(require("fs").readFileSync("package-lock.json")).digest("hex")'
}

khd_npm_ci() {
  [ "$(cat node_modules/.keepalivehd-stamp 2>/dev/null)" = "$1" ] && return 0
  khd_say 'installing npm packages'
  khd_quietly npm-ci npm ci --no-audit --no-fund || return 1
  printf '%s\n' "$1" >node_modules/.keepalivehd-stamp
}

# ensure_npm: node_modules as package-lock.json says; does nothing when they already are.
ensure_npm() {
  khd_locked khd_npm_ci "$(khd_npm_stamp)" || khd_fail 'npm ci failed; see above'
}

# ensure_build: dist/ from the present sources; where TEST_BUILT says that it is, nothing: programs run from there.
ensure_build() {
  [ -z "${TEST_BUILT:-}" ] || return 0
  khd_locked khd_quietly build npm run --silent build || khd_fail 'the build failed; see above'
}
