package dev.twofold.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** Remembers why a write failed, which the writers on top of it only know to have happened. */
final class StandardOutput extends FilterOutputStream {

    private @Nullable String failure;

    StandardOutput(OutputStream out) {
        super(out);
    }

    /** What went wrong, or null. A reader that has seen enough, such as {@code head}, is nothing wrong. */
    @Nullable
    String failure() {
        return failure == null || failure.contains("Broken pipe") ? null : failure;
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
        try {
            out.write(bytes, from, count);
        } catch (IOException e) {
            throw remembered(e);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            out.flush();
        } catch (IOException e) {
            throw remembered(e);
        }
    }

    private IOException remembered(IOException e) {
        failure = String.valueOf(e.getMessage());
        return e;
    }
}
