/** Number formats of weights. */
enum DType {
    BF16("bfloat16", 2),
    F16("float16", 2),
    F32("float32", 4);

    final String torchName;
    final int width;

    DType(String torchName, int width) {
        this.torchName = torchName;
        this.width = width;
    }

    /** Bits of the nearest value of this type, ties to even. */
    int encode(float value) {
        int bits = Float.floatToIntBits(value);
        return switch (this) {
            case F32 -> bits;
            case BF16 -> (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
            case F16 -> {
                int sign = bits >>> 16 & 0x8000;
                int magnitude = bits & 0x7fffffff;
                // Below 2^-14 a half is a multiple of 2^-24; above, only the exponent's bias (127 to 15) changes.
                yield Math.abs(value) < 0x1p-14f
                        ? sign | (int) Math.rint(Math.abs(value) * 0x1p24)
                        : sign | (magnitude + 0xfff + (magnitude >>> 13 & 1) >>> 13) - (112 << 10);
            }
        };
    }
}
