package dev.twofold.disk;

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

/** Text files that a user names, and those inside Twofold's jar. */
public final class TextFile {

    private TextFile() {}

    /**
     * @param limit in bytes
     * @throws TwofoldException of kind INPUT if the file is missing, too large, or not UTF-8
     */
    public static String read(Path file, long limit) {
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
    public static String shipped(String name) {
        try (InputStream in = TextFile.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
