#!/bin/sh
# Made the certificates beside it, once, with OpenSSL 3.0: an authority of each kind and what it issued to
# a.example and b.example. Their octets are part of what the gate counts: whoever makes them anew updates the baseline.
set -eu
cd "$(dirname "$0")"
DAYS=36500
for kind in rsa2048 rsa3072 ecdsa256 ed25519; do
    case $kind in
    rsa*) algorithm="-algorithm RSA -pkeyopt rsa_keygen_bits:${kind#rsa}" ;;
    ecdsa256) algorithm="-algorithm EC -pkeyopt ec_paramgen_curve:P-256" ;;
    *) algorithm="-algorithm ED25519" ;;
    esac
    authority=$(mktemp)
    openssl genpkey $algorithm -out "$authority" 2>/dev/null
    openssl req -x509 -new -key "$authority" -sha256 -days $DAYS -subj "/CN=Authority of the bench" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" -out $kind-authority.pem
    for host in a b; do
        openssl genpkey $algorithm -out $kind-$host-key.pem 2>/dev/null
        request=$(mktemp) extensions=$(mktemp)
        openssl req -new -key $kind-$host-key.pem -subj "/CN=$host.example" -out "$request"
        printf 'subjectAltName=DNS:%s.example\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n' $host >"$extensions"
        openssl x509 -req -in "$request" -CA $kind-authority.pem -CAkey "$authority" -set_serial 0x1$(printf %d "'$host") \
            -sha256 -days $DAYS -extfile "$extensions" -out $kind-$host.pem 2>/dev/null
        rm -f "$request" "$extensions"
    done
    rm -f "$authority" # nobody issues anything else
done
