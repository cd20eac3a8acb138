package dev.twofold.diag;

import java.util.Locale;

/** The name of a constant as users read and write it: {@code PER_LAYER} is {@code per-layer}. */
public final class PlainName {

    private PlainName() {}

    public static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
