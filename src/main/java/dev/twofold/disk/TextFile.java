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

    private static final String BYTE_ORDER_MARK = "\ufeff";

    private TextFile() {}

    /**
     * Line ends of any system count as line feeds, and a byte order mark as nothing: texts are about words.
     *
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
            return decoded(Files.readAllBytes(file));
        } catch (IOException e) {
            throw unreadable(file.toString(), e);
        }
    }

    /**
     * The same of what is not a file yet.
     *
     * @param name for messages
     */
    public static String read(InputStream in, String name, long limit) {
        try {
            byte[] bytes = in.readNBytes(Math.toIntExact(limit) + 1);
            if (bytes.length > limit) {
                throw TwofoldException.input("the text is too large").at(name).expected("at most " + limit + " bytes");
            }
            return decoded(bytes);
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    private static String decoded(byte[] bytes) throws CharacterCodingException {
        String text = StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
        String words = text.startsWith(BYTE_ORDER_MARK) ? text.substring(BYTE_ORDER_MARK.length()) : text;
        return words.replace("\r\n", "\n").replace('\r', '\n');
    }

    private static TwofoldException unreadable(String name, IOException e) {
        return e instanceof CharacterCodingException
                ? TwofoldException.input("not UTF-8 text")
                        .at(name)
                        .hint("save it as UTF-8")
                        .cause(e)
                : TwofoldException.input("cannot read the file")
                        .at(name)
                        .found(e)
                        .cause(e);
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
