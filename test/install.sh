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
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
apt-get update -qq
apt-get install -y -qq --no-install-recommends $need >/dev/null
rm -f /usr/sbin/policy-rc.d
