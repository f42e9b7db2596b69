"""A name server for the tests: dns_server.py PORT ZONE-FILE

Speaks UDP and TCP; an answer over UDP that is longer than 200 bytes is cut and marked so.
"""

import sys
import time

from dnslib.server import DNSLogger, DNSServer
from dnslib.zoneresolver import ZoneResolver

port = int(sys.argv[1])
with open(sys.argv[2]) as zone:
    resolver = ZoneResolver(zone.read())
quiet = DNSLogger("-request,-reply,-truncated,-error,-recv,-send,-data")


class Server(DNSServer):
    pass


from dnslib.server import DNSHandler


class Handler(DNSHandler):
    udplen = 200


DNSServer(resolver, port=port, address="127.0.0.1", logger=quiet, handler=Handler).start_thread()
DNSServer(resolver, port=port, address="127.0.0.1", tcp=True, logger=quiet, handler=Handler).start_thread()
print("ready", flush=True)
while True:
    time.sleep(60)
