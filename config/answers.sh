# bash answers.sh PORT PATH: whether a server of this machine answers it with 200. A health check
# runs every few seconds; this one starts no interpreter but the shell's.
set -e
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
read -r -t 2 _ status _ <&3
[ "$status" = 200 ]
