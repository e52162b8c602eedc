#!/bin/sh
# Installs the real parts that the system tests and the measurements use. For Debian, as root.
set -e
packages="apache2 nginx haproxy gcc libc6-dev chromium r-base-core r-cran-shiny procps"
need=
for p in $packages; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || need="$need $p"
done
[ -z "$need" ] && exit 0
echo "installing:$need"
export DEBIAN_FRONTEND=noninteractive
# Debian starts what it installs; nothing here wants services.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' > $policy && chmod +x $policy
fi
# A mirror may be out of order for a moment, or another apt at work; what came is kept.
apt="apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300"
for pause in 10 30 60 0; do
  $apt update && $apt install -y --no-install-recommends $need >/dev/null && exit 0
  echo "installing failed" >&2
  sleep $pause
done
exit 1
