package dev.twofold.source.huggingface;

import dev.twofold.testing.SafetensorsBuilder;
import java.util.Arrays;

/** Like {@link SafetensorsFuzz}, with a length that is true: any bytes as the header, the last as the size of the data. */
public final class SafetensorsHeaderFuzz {

    private SafetensorsHeaderFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length > 0) {
            byte[] header = Arrays.copyOf(data, data.length - 1);
            int size = data[data.length - 1] & 0xff;
            SafetensorsFuzz.fuzzerTestOneInput(SafetensorsBuilder.file(header.length, header, new byte[size]));
        }
    }
}
