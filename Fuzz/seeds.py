#!/usr/bin/env python3
"""Writes seeds for scripts/fuzz, taken out of Kloset stores: Fuzz/seeds.py CORPUS STORE ...

CORPUS gets a folder for each target. The stores are read with the independent verifier (kloset_verify.py in the
folder ../shared/tools, or in FASTI_SHARED); encrypted ones need KLOSET_PASSPHRASE. No more than a few dozen seeds of
a kind are taken, small ones first.
"""
import gzip
import hashlib
import os
import pathlib
import struct
import sys
import zlib

root = pathlib.Path(__file__).resolve().parent.parent
shared = pathlib.Path(os.environ.get("FASTI_SHARED", root.parent / "shared"))
sys.path.insert(0, str(shared / "tools"))
import kloset_verify as kloset  # noqa: E402
import lz4.frame  # noqa: E402
import zstandard  # noqa: E402

MOST = 40
LARGEST = 48 << 10
#: Blob type to the selector of the target `message`.
SELECTORS = {5: 0, 7: 1, 12: 2, 21: 3, 15: 4, 18: 5, 10: 7, 13: 7, 16: 7, 19: 7}

corpus = pathlib.Path(sys.argv[1])
taken: dict[tuple[str, object], int] = {}


def seed(target: str, kind: object, data: bytes) -> None:
    if len(data) > LARGEST or taken.get((target, kind), 0) >= MOST:
        return
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha1(data).hexdigest()
    if not path.exists():
        taken[target, kind] = taken.get((target, kind), 0) + 1
        path.write_bytes(data)


def packed(kind: object, plain: bytes) -> None:
    """The same content under every compression."""
    seed("lz4", kind, lz4.frame.compress(plain, block_size=7, block_linked=False, content_checksum=True,
                                         store_size=False))
    seed("lz4", kind, lz4.frame.compress(plain, block_size=4, block_linked=True, block_checksum=True))
    seed("gzip", kind, gzip.compress(plain, mtime=0))
    seed("zlib", kind, zlib.compress(plain))
    seed("zstandard", kind, zstandard.ZstdCompressor(write_checksum=True, write_content_size=False).compress(plain))
    seed("chunking", kind, bytes([len(plain) & 255, 6]) + plain)


def wrap(number: int, version: int, payload: bytes) -> bytes:
    """A wrapped file whose digest is nonsense: the targets do not look at it."""
    return kloset.MAGIC + struct.pack("<II", number, version) + payload + bytes(32)


def small_packfile(blobs: list[tuple[int, bytes, bytes]]) -> bytes:
    data = b"".join(blob for _, _, blob in blobs)
    index, offset = b"", 0
    for number, mac, blob in blobs:
        index += struct.pack("<II", number, kloset.V100) + mac + struct.pack("<QII", offset, len(blob), 0)
        offset += len(blob)
    footer = struct.pack("<qIQ", 10**18, len(blobs), len(data)) + bytes(32) + bytes(4)
    return wrap(kloset.PACKFILE, kloset.V100, data + index + footer + struct.pack("<I", len(footer)))


def archive(config: bytes, packfile: bytes, state: bytes) -> bytes:
    head = b"_PLATAR_" + struct.pack("<I", kloset.V100)
    ranges, offset = b"", len(head)
    for part in (config, packfile, state):
        ranges += struct.pack("<qq", offset, len(part))
        offset += len(part)
    return head + config + packfile + state + ranges


def take(path: str) -> None:
    passphrase = os.environ.get("KLOSET_PASSPHRASE", "").encode() or None
    store = kloset.Store(path, passphrase, kloset.Report())
    reader = kloset.Reader(store)
    reader.load_states()
    config = bytes(store.backend.config())
    seed("configuration", "file", config)
    seed("configuration", "payload", config[16:-32])
    states = []
    for name, state in reader.states.items():
        version, payload = store.open_resource("states", name, kloset.STATE, "state")
        plain = store.codec.decode(payload, "state")
        states.append(wrap(kloset.STATE, version, plain))
        seed("state", "plain", states[-1])
        seed("state", "cut", wrap(kloset.STATE, version, plain[:700] + plain[-29:]))
        packed("state", plain[:4000])
    some = []
    for number, mac in sorted(reader.aggregate.locations, key=lambda key: (key[0], key[1])):
        if number == 255:
            continue
        try:
            plain = reader.blob(number, mac)
        except kloset.Broken:
            continue
        packed(number, plain)
        if number in SELECTORS:
            seed("message", number, bytes([SELECTORS[number]]) + plain)
        if number == 12:
            seed("message", "built", bytes([10]) + plain)
        if number in (11, 14, 17, 20):
            seed("node", number, bytes([0 if number in (11, 17) else 1]) + plain)
        if number == 9 and plain[:1] in (b"\x01", b"\x02") and b"parent_path" in plain:
            seed("dirpack", "listing", bytes([16]) + plain)
        if len(plain) < 2000 and sum(1 for n, _, _ in some if n == number) < 3:
            some.append((number, mac, plain))
    for name in store.backend.list("locks"):
        _, payload = store.open_resource("locks", name, kloset.LOCK, "lock")
        seed("message", "lock", bytes([6]) + store.codec.decode(payload, "lock"))
    seed("message", "any", bytes([11]) + config[16:-32])
    for count in (1, 3, 10, len(some)):
        packfile = small_packfile(some[:count])
        squeezed = small_packfile([(n, m, lz4.frame.compress(p, store_size=False)) for n, m, p in some[-count:]])
        seed("packfile", "plain", packfile)
        seed("packfile", "lz4", squeezed)
        smallest = min(states, key=len, default=wrap(kloset.STATE, kloset.V110, bytes(32) + b"\x01" + bytes(28)))
        seed("archive", "made", archive(config, packfile, smallest))
    if store.is_ptar:
        seed("archive", "real", pathlib.Path(path).read_bytes())


for place in sys.argv[2:]:
    take(place)
for target in sorted(folder for folder in corpus.iterdir() if folder.is_dir()):
    print(f"{target.name}: {len(list(target.iterdir()))} seeds")
