package dev.twofold.measure;

import dev.twofold.disk.FileHash;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Identifies a text as a model reads it: by its tokens, the windows they are cut into, and what follows each. */
public final class TokenHash {

    private TokenHash() {}

    /** SHA-256 in hexadecimal. */
    public static String of(TextWindows text) {
        int windows = text.inputs().size();
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (windows + 2 * text.tokens()));
        for (int window = 0; window < windows; window++) {
            bytes.putInt(text.inputs().get(window).length);
            Arrays.stream(text.inputs().get(window)).forEach(bytes::putInt);
            Arrays.stream(text.targets().get(window)).forEach(bytes::putInt);
        }
        return FileHash.sha256(bytes.array());
    }
}
