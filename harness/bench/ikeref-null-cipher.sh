#!/bin/sh
# ikeref whose cipher does nothing (null_cipher.c beside this): a control of the bench, and no protection at all.
here=$(dirname "$(realpath "$0")")
LD_PRELOAD=$here/null-cipher.so exec "${IKELAB_IKEREF:-$here/ikeref}" "$@"
