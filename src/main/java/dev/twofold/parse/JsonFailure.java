package dev.twofold.parse;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;

/** What to say of JSON that cannot be read. */
public final class JsonFailure {

    private JsonFailure() {}

    /** What keeps a file from being read as JSON: the disk, its letters, or its form. */
    public static TwofoldException of(Path file, IOException e) {
        if (e instanceof JsonProcessingException malformed) {
            return of(file, "", malformed);
        }
        TwofoldException failure = TwofoldException.input(
                        e instanceof CharacterCodingException ? "not UTF-8" : "cannot read the file")
                .at(Origin.file(file))
                .cause(e);
        return e instanceof CharacterCodingException ? failure.hint("download it again") : failure.found(e);
    }

    /** @param subject what a message begins with, such as {@code "the header is "}; empty for the whole file */
    public static TwofoldException of(Path file, String subject, JsonProcessingException e) {
        boolean bounds = e instanceof StreamConstraintsException;
        JsonLocation location = e.getLocation();
        String line = bounds || location == null ? "" : " at line " + location.getLineNr();
        return TwofoldException.input(subject + (bounds ? "JSON beyond any bounds" : "not valid JSON" + line))
                .at(Origin.file(file))
                .found(reason(e))
                .hint("download it again")
                .cause(e);
    }

    /** The first line of what Jackson says, without the parts that only make sense to who calls it. */
    private static String reason(JsonProcessingException e) {
        return e.getOriginalMessage()
                .lines()
                .findFirst()
                .orElse("")
                .replaceFirst("\\(?\\[Source.*|\\(start marker.*", "")
                .replaceFirst(", from `[^`]*`", "")
                .replaceFirst(": maybe a \\(non-standard\\) comment.*", ": a comment")
                .replaceFirst(": enable `.*", "");
    }
}
