#!/bin/sh
# The page on port 80: which machine this is, so that a port forward shows where it leads.
export PATH=/bin
printf 'Content-Type: text/plain; charset=utf-8\r\n\r\n'
gantry-guest
printf 'up: %s seconds\n' "$(cut -d. -f1 /proc/uptime)"
