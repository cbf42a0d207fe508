# Where an installed service keeps what. To be sourced with the repository as working folder.
# KHD_ROOT puts all of it below another folder, as a package builder needs it.

KHD_ROOT=${KHD_ROOT:-}
KHD_LIB=$KHD_ROOT/usr/lib/keepalivehd
KHD_ETC=$KHD_ROOT/etc/keepalivehd
KHD_UNITS=$KHD_ROOT/etc/systemd/system
# What runs after a suspend; systemd looks for it nowhere else.
KHD_SLEEP_HOOK=$KHD_ROOT/usr/lib/systemd/system-sleep/keepalivehd-agent
KHD_COMMAND=$KHD_ROOT/usr/local/bin/keepalivehd
# What a unit finds `node` in; the installing shell may have another.
KHD_UNIT_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

khd_unit() { printf 'keepalivehd-%s.service' "$1"; }

# The folder of secrets that LoadCredential= reads.
khd_credentials() {
  case $1 in
  agent) printf '%s/credentials' "$KHD_ETC" ;;
  monitor) printf '%s/monitor-credentials' "$KHD_ETC" ;;
  esac
}

khd_state_directory() {
  case $1 in
  agent) printf 'keepalivehd' ;;
  monitor) printf 'keepalivehd-monitor' ;;
  esac
}

khd_need_systemd() {
  [ "$(id -u)" = 0 ] || khd_fail "this changes the system; run: sudo $0 $*"
  [ -d /run/systemd/system ] || khd_fail 'systemd does not run here, so there is nothing to install a service into'
  if dpkg-query -S "$KHD_LIB/agent/keepalivehd.cjs" >/dev/null 2>&1; then
    khd_fail 'KeepAliveHD was installed as a Debian package here; use apt to change or remove it'
  fi
}

khd_need_unit_node() {
  local version
  version=$(env -i PATH="$KHD_UNIT_PATH" node --version 2>/dev/null) ||
    khd_fail "no node in $KHD_UNIT_PATH; install Node 20 or later there (apt-get install nodejs, or nodejs.org)"
  local major=${version#v}
  [ "${major%%.*}" -ge 20 ] || khd_fail "Node 20 or later is needed; services would find $version"
}
