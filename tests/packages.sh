# packages: installs what a script needs through apt-get and says so; sourced by tests/run.sh and examples/demo.sh.

# need_packages NAME...: Debian packages. Elsewhere it says what to install and ends the script, unless HF2C_PACKAGES=present.
need_packages() {
    local package missing=() as_root=()
    if ! command -v apt-get >/dev/null; then
        [ "${HF2C_PACKAGES:-}" = present ] && return 0
        echo "This system has no apt-get. Please install what these Debian packages hold, then set HF2C_PACKAGES=present:" >&2
        printf '    %s\n' "$@" >&2
        exit 1
    fi
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "Please install as root: apt-get install ${missing[*]}" >&2; exit 1; }
        as_root=(sudo)
    fi
    echo "Installing with apt-get: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# What building hf2c and the programs that it makes takes.
BUILD_PACKAGES="gcc libc6-dev clang libomp-dev cmake ninja-build libcjson-dev libxxhash-dev libpng-dev libjpeg-dev"
