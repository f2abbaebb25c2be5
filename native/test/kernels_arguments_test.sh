#!/bin/sh
# ci/kernels rejects arguments that do not fit together, before it downloads or installs anything.
set -eu
top=$1
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# Without apt-get, nothing can be installed if the arguments are accepted.
printf '#!/bin/sh\necho amd64\n' >"$directory/dpkg"
chmod +x "$directory/dpkg"
bash=$(command -v bash) || { echo "no bash"; exit 77; }
for program in dirname cat; do
    ln -s "$(command -v $program)" "$directory/$program"
done

rejected() { # MESSAGE ARGUMENT...
    message=$1
    shift
    code=0
    PATH=$directory "$bash" "$top/ci/kernels" "$@" >"$directory/out" 2>&1 </dev/null || code=$?
    if [ $code != 2 ] || ! grep -q -e "$message" "$directory/out"; then
        echo "ci/kernels $* exits with $code, and not with 2 and '$message':"
        cat "$directory/out"
        exit 1
    fi
}

rejected 'usage: ci/kernels' 1.0
rejected '16k is a kernel of arm64: give --arm64' 16k
rejected '16k is a kernel of arm64: give --arm64' --smoke 6.1 16k
