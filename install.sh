#!/usr/bin/env bash
# Installs the commands `everstore-server` and `everstore` from this checkout, for a user who need not be root. Run
# it again to upgrade.
#
#   ./install.sh                into a virtual environment of their own, with links to the commands in ~/.local/bin
#   ./install.sh --docker       builds the container image `everstore` instead, with docker, or with buildah where no docker answers;
#                               what follows goes to scripts/image-build, such as --base IMAGE
#   ./install.sh --uninstall    removes what the first one made; journals are never touched
#   ./install.sh --help
#
# EVERSTORE_HOME   where the virtual environment goes    (default ~/.local/share/everstore)
# PREFIX           the links go to its folder bin        (default ~/.local)
# PYTHON           the Python to take                    (default: the newest here that is 3.11 or newer)
set -euo pipefail

checkout=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" >/dev/null && pwd)
home=${EVERSTORE_HOME:-$HOME/.local/share/everstore}
bin=${PREFIX:-$HOME/.local}/bin
venv=$home/venv
commands=(everstore-server everstore)

say() { printf 'everstore: %s\n' "$*" >&2; }

# Only a link that leads into our environment is ours to replace or remove.
ours() { [[ -L $1 && $(readlink -- "$1") == "$venv/bin/"* ]]; }

install_commands() {
  local python command
  for command in "${commands[@]}"; do
    if [[ -e $bin/$command || -L $bin/$command ]] && ! ours "$bin/$command"; then
      say "$bin/$command is there already, and this script did not make it. Remove it, or set PREFIX to install elsewhere."
      exit 1
    fi
  done

  # An environment that an interrupted run left half made, or whose Python has gone since, is made anew.
  if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(bash "$checkout/scripts/find-python")
    say "making $venv with $("$python" --version)"
    mkdir -p "$home"
    "$python" -m venv --clear "$venv"
  fi

  # Built from a copy: pip builds inside the folder that it is given, and a checkout may be read-only, or hold an
  # older build whose deleted modules would be installed again.
  sources=$(mktemp -d)
  trap 'rm -rf "$sources"' EXIT
  mkdir -p "$sources/adapters"
  cp -R "$checkout"/{pyproject.toml,README.md,LICENSE,everstore} "$sources"
  cp -R "$checkout/adapters/python" "$sources/adapters"
  rm -rf "$sources"/adapters/python/{build,tests} "$sources"/{,adapters/python/}*.egg-info

  say "installing into $venv"
  if ! PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -m pip install --quiet --upgrade "$sources/adapters/python" "$sources"; then
    say "pip could not install; its reason stands above. Once that is mended, run ./install.sh again."
    exit 1
  fi

  mkdir -p "$bin"
  for command in "${commands[@]}"; do
    ln -sfn "$venv/bin/$command" "$bin/$command"
  done
  say "installed ${commands[*]} in $bin"
  case :$PATH: in
    *:"$bin":*) ;;
    *)
      say "$bin is not on your PATH, so they are found by their full path only. For good, add to your shell's start-up file:"
      say "    export PATH=\"$bin:\$PATH\""
      ;;
  esac
  say "start the server with: everstore-server --journals DIR"
}

uninstall() {
  local command
  for command in "${commands[@]}"; do
    if ours "$bin/$command"; then
      rm "$bin/$command"
      say "removed $bin/$command"
    fi
  done
  # Just what we made: EVERSTORE_HOME may be a folder that holds other things too.
  if [[ -f $venv/pyvenv.cfg ]]; then
    rm -rf "$venv"
    say "removed $venv"
  fi
  rmdir "$home" 2>/dev/null || true
  say "journals were left where they are"
}

if (($# > 1)) && [[ $1 != --docker ]]; then
  say "install.sh takes one option at most; --help lists them"
  exit 2
fi
case ${1:-} in
  "") install_commands ;;
  --docker) exec bash "$checkout/scripts/image-build" "${@:2}" ;;
  --uninstall) uninstall ;;
  -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" ;;
  *)
    say "install.sh does not know '$1'; --help lists what it knows"
    exit 2
    ;;
esac
