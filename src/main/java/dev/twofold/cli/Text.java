package dev.twofold.cli;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Text files that a user names, and those that come with Twofold. */
final class Text {

    /** What to call the text of {@link #evaluation}. */
    static final String EVALUATION = "Alice's Adventures in Wonderland";

    /** What to call the text of {@link #calibration}. */
    static final String CALIBRATION = "Middlemarch";

    /** A tokenizer takes some hundred times as much memory while it encodes it. */
    private static final long MAX_BYTES = 24L << 20;

    private Text() {}

    /** The text to measure on: the user's, or the held-out book that comes with Twofold. */
    static String evaluation(@Nullable Path file) {
        return file == null ? resource("/dev/twofold/text/alice.txt") : read(file);
    }

    /** The text to calibrate on that comes with Twofold: another book than that of {@link #evaluation}. */
    static String calibration() {
        return resource("/dev/twofold/text/calibration.txt");
    }

    /** @throws TwofoldException of kind INPUT if the file is missing, too large, or not UTF-8 */
    static String read(Path file) {
        return read(file, MAX_BYTES);
    }

    /** The same with another limit in bytes. */
    static String read(Path file, long limit) {
        try {
            if (!Files.isRegularFile(file)) {
                throw TwofoldException.input(Files.exists(file) ? "not a regular file" : "the file is missing")
                        .at(Origin.file(file))
                        .expected("a file of UTF-8 text");
            }
            if (Files.size(file) > limit) {
                throw TwofoldException.input("the file is too large")
                        .at(Origin.file(file))
                        .found(Files.size(file) + " bytes")
                        .expected("at most " + limit + " bytes");
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw TwofoldException.input("not UTF-8 text")
                    .at(Origin.file(file))
                    .hint("save it as UTF-8")
                    .cause(e);
        } catch (IOException e) {
            throw TwofoldException.input("cannot read the file")
                    .at(Origin.file(file))
                    .found(e)
                    .cause(e);
        }
    }

    /** A text inside Twofold's jar. */
    static String resource(String name) {
        try (InputStream in = Text.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
