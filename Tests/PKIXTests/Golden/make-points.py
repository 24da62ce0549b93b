# Writes p256-points.txt: points of P-256 with unusual coordinates, and points beside the curve, by Python's integers.
p = 2**256 - 2**224 + 2**192 + 2**96 - 1
b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
words = [sum((2**32 - 1) << (64 * i + 32 * odd) for i in range(4)) for odd in (0, 1)]
near = [0, 1 << 32, 1 << 64, 1 << 96, 1 << 192, 1 << 224, 1 << 255, p >> 1, p] + words
with open("p256-points.txt", "w") as file:
    for base in near:
        for x in range(base - 12, base + 12):
            if not 0 <= x < p:
                continue
            square = (x**3 - 3 * x + b) % p
            y = pow(square, (p + 1) // 4, p)
            if y * y % p == square:
                file.write(f"on {x:064x} {y:064x}\n")
                file.write(f"on {x:064x} {p - y:064x}\n")
            else:
                file.write(f"off {x:064x} {y:064x}\n")
