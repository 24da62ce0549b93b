"""Prints keys.txt: what is expected of a SubjectPublicKeyInfo (ok, or the error's name), the kind of key, and its DER in hex.
Python's own integers only, and no library, so that it is another arithmetic than the one that is tested. Run: python3 make-keys.py"""
import random

random.seed(20261125)


def tlv(tag, body):
    n = len(body)
    head = bytes([n]) if n < 128 else (lambda b: bytes([0x80 | len(b)]) + b)(n.to_bytes((n.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + head + body


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def info(algorithm, key):
    return tlv(0x30, tlv(0x30, algorithm) + tlv(3, b"\0" + key))


def line(expected, kind, algorithm, key):
    print(expected, kind, info(bytes.fromhex(algorithm), key).hex())


CURVES = {
    "ecdsa-p384": ("06052b81040022", 48, 2**384 - 2**128 - 2**96 + 2**32 - 1,
                   0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
                   0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7),
    "ecdsa-p521": ("06052b81040023", 66, 2**521 - 1,
                   0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
                   0x00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66),
}
for name, (oid, size, p, b, gx) in CURVES.items():
    algorithm = "06072a8648ce3d0201" + oid

    def y_of(x):
        square = (x**3 - 3 * x + b) % p
        y = pow(square, (p + 1) // 4, p)
        return y if y * y % p == square else None

    def point(x, y):
        return b"\x04" + x.to_bytes(size, "big") + y.to_bytes(size, "big")

    found = 0
    for x in [0, 1, 2, 3, p - 1, p - 2, 2**(p.bit_length() - 1)] + [random.randrange(p) for _ in range(40)]:
        y = y_of(x)
        if y is None:
            line("keyNotOnCurve", name, algorithm, point(x, random.randrange(p)))
        else:
            line("ok", name, algorithm, point(x, y))
            line("ok", name, algorithm, point(x, p - y))
            line("keyNotOnCurve", name, algorithm, point(x, (y + 1) % p))
            found = (x, y)
    x, y = found
    gy = y_of(gx)
    slope = (3 * gx * gx - 3) * pow(2 * gy, -1, p) % p
    double = (slope * slope - 2 * gx) % p
    for weak in (gx, double):
        line("keyWeak", name, algorithm, point(weak, y_of(weak)))
        line("keyWeak", name, algorithm, point(weak, p - y_of(weak)))
    small = next(v for v in range(5, 99) if y_of(v) is not None)
    if small + p < 256**size:
        line("keyNotOnCurve", name, algorithm, point(small + p, y_of(small)))
    line("keyForm", name, algorithm, bytes([2 + y % 2]) + x.to_bytes(size, "big"))
    line("keyForm", name, algorithm, bytes([6 + y % 2]) + point(x, y)[1:])
    line("keyForm", name, algorithm, b"\0")
    line("keyLength", name, algorithm, point(x, y)[:-1])
    line("keyLength", name, algorithm, point(x, y) + b"\0")

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
for _ in range(40):
    y = random.randrange(P)
    u, v = y * y - 1, D * y * y + 1
    good = pow(u * v % P, (P - 1) // 2, P) == 1
    for sign in (0, 1):
        line("ok" if good else "keyNotOnCurve", "ed25519", "06032b6570", (y | sign << 255).to_bytes(32, "little"))
SMALL = ["01" + "00" * 31, "01" + "00" * 30 + "80", "ec" + "ff" * 30 + "7f", "ec" + "ff" * 31, "00" * 32, "00" * 31 + "80",
         "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
         "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
         "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
         "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"]
for key in SMALL:
    line("keyWeak", "ed25519", "06032b6570", bytes.fromhex(key))
for y in range(P, 2**255):
    line("keyNotOnCurve", "ed25519", "06032b6570", y.to_bytes(32, "little"))
line("keyLength", "ed25519", "06032b6570", bytes(31))
line("keyLength", "ed25519", "06032b6570", bytes(33))
line("algorithmParameters", "ed25519", "06032b65700500", bytes.fromhex("11" * 32))


def is_prime(n):
    if any(n % q == 0 for q in range(2, 400) if q < n):
        return False
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for _ in range(12):
        x = pow(random.randrange(2, n - 1), d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def next_prime(n):
    n |= 1
    while not is_prime(n):
        n += 2
    return n


def prime(bits):
    return next_prime(random.randrange(3 << (bits - 2), (1 << bits) - (1 << (bits - 8))))


RSA = "06092a864886f70d0101010500"


def rsa(expected, name, n, e=65537, behind=b"", algorithm=RSA):
    line(expected, name, algorithm, tlv(0x30, integer(n) + integer(e)) + behind)


ps = [prime(1024) for _ in range(2)]
n = ps[0] * ps[1]
rsa("ok", "rsa-2048", n)
rsa("ok", "rsa-3072", prime(1536) * prime(1536))
rsa("ok", "rsa-4096", prime(2048) * prime(2048))
rsa("ok", "rsa-2048", n, 2**32 + 1)
for e in (1, 3, 17, 65535, 65536, 2**33 + 1, 2**64 + 1):
    rsa("keyExponent", "rsa-2048", n, e)
rsa("keyLength", "rsa-2048", n >> 1 | 1)
rsa("keyLength", "rsa-2048", 2**2048 + n)
rsa("keyLength", "rsa-2048", prime(512) * prime(512))
rsa("keyLength", "rsa-2048", 0)
rsa("keyFactors", "rsa-2048", n + 1)
for q in (3, 5, 7, 743, 751):
    rsa("keyFactors", "rsa-2048", q * (2**2047 // q + 2 + (2**2047 // q + 1) % 2))
for distance in (2, 2**64, 2**500):
    rsa("keyFactors", "rsa-2048", ps[0] * next_prime(ps[0] + distance))
rsa("keyFactors", "rsa-2048", ps[0] * ps[0])
group = 1
for q in (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157):
    group *= q
for _ in range(3):
    while True:
        weak = group * random.randrange(2**2047 // group + 1, 2**2048 // group) + pow(65537, random.randrange(2**64), group)
        if all(weak % q for q in range(2, 752)):
            break
    rsa("keyROCA", "rsa-2048", weak)
rsa("der", "rsa-2048", n, behind=b"\0")
rsa("algorithmParameters", "rsa-2048", n, algorithm=RSA[:-4])
line("keyForm", "rsa-2048", RSA, tlv(0x30, tlv(2, n.to_bytes(256, "big")) + integer(65537)))
line("der", "rsa-2048", RSA, tlv(0x30, tlv(2, b"\0\0" + n.to_bytes(256, "big")) + integer(65537)))
line("der", "rsa-2048", RSA, tlv(0x30, integer(n) + integer(65537) + integer(1)))
rsa("unknownKeyAlgorithm", "rsa-2048", n, algorithm="06092a864886f70d01010a")
line("ok", "ml-dsa-87", "0609608648016503040313", random.randbytes(2592))
line("keyLength", "ml-dsa-87", "0609608648016503040313", random.randbytes(1952))
line("keyLength", "ml-dsa-65", "0609608648016503040312", random.randbytes(2592))
line("algorithmParameters", "ml-dsa-87", "06096086480165030403130500", random.randbytes(2592))
