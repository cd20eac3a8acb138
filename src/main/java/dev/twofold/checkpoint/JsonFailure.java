package dev.twofold.checkpoint;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.nio.file.Path;

/** What to say of JSON that cannot be read. */
final class JsonFailure {

    private JsonFailure() {}

    /** @param subject what a message begins with, such as {@code "the header is "}; empty for the whole file */
    static TwofoldException of(Path file, String subject, JsonProcessingException e) {
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
                .replaceFirst(", from `[^`]*`", "");
    }
}
